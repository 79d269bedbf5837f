package s3api

import "testing"

// A session's ARN lacks the path of its role; IAM has it, or nobody says.
func TestRole(t *testing.T) {
	const session = "arn:aws:sts::111122223333:assumed-role/Night/42"
	answer := func(arn string) reply {
		return reply{body: `<GetRoleResponse xmlns="https://iam.amazonaws.com/doc/2010-05-08/"><GetRoleResult><Role><Path>/ops/</Path><RoleName>Night</RoleName><RoleId>AROA1</RoleId><CreateDate>2026-01-01T00:00:00Z</CreateDate><Arn>` + arn + `</Arn></Role></GetRoleResult></GetRoleResponse>`}
	}
	denied := reply{status: 403, body: `<ErrorResponse><Error><Type>Sender</Type><Code>AccessDenied</Code><Message>no</Message></Error></ErrorResponse>`}
	for _, tt := range []struct {
		name, caller string
		answer       reply
		want         string
		kind         SetupKind
		asked        int
	}{
		{"a user", "arn:aws:iam::111122223333:user/u", denied, "", "", 0},
		{"below a path", session, answer("arn:aws:iam::111122223333:role/ops/Night"), "arn:aws:iam::111122223333:role/ops/Night", "", 1},
		{"not allowed", session, denied, "", AccessDenied, 1},
		{"of another account", session, answer("arn:aws:iam::444455556666:role/ops/Night"), "", Unsupported, 1},
		{"another role", session, answer("arn:aws:iam::111122223333:role/ops/Day"), "", Unsupported, 1},
	} {
		s := serve(t, func(request) reply { return tt.answer })
		got, err := client(t, s.URL).Role(t.Context(), Identity{Account: "111122223333", ARN: tt.caller})
		if got != tt.want || KindOf(err) != tt.kind || len(s.requests()) != tt.asked {
			t.Errorf("%s: %q, %v after %d requests; want %q, %q after %d", tt.name, got, err, len(s.requests()), tt.want, tt.kind, tt.asked)
		}
	}
}
