{{- define "reseal.labels" -}}
app.kubernetes.io/name: reseal
app.kubernetes.io/instance: {{ .Release.Name | quote }}
{{- end }}

{{- define "reseal.serviceAccountName" -}}
{{ .Values.serviceAccount.name | default .Release.Name }}
{{- end }}

{{- define "reseal.image" -}}
{{- with .Values.image -}}
{{ .repository }}{{ if .digest }}@{{ .digest }}{{ else }}:{{ .tag | default $.Chart.AppVersion }}{{ end }}
{{- end }}
{{- end }}

{{- /* A value as a command line has it: numbers of values are floats. */ -}}
{{- define "reseal.scalar" -}}
{{ if kindIs "float64" . }}{{ int64 . }}{{ else }}{{ . }}{{ end }}
{{- end }}

{{- /* Kubernetes replaces $(NAME) in arguments by a variable, and $$ by $. */ -}}
{{- define "reseal.argument" -}}
{{ . | replace "$" "$$" | quote }}
{{- end }}
