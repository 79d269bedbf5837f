package report

import (
	_ "embed"
	"fmt"
	"strconv"

	g "maragu.dev/gomponents"
	h "maragu.dev/gomponents/html"
)

//go:embed page.css
var pageStyle string

// node is the whole page. Every text and every value of an attribute is escaped where
// it is written, the style alone is not: it is a file of this package.
func (d *document) node() g.Node {
	return h.Doctype(h.HTML(h.Lang("en"),
		h.Head(
			h.Meta(h.Charset("utf-8")),
			h.Meta(h.Name("viewport"), h.Content("width=device-width, initial-scale=1")),
			h.Meta(g.Attr("http-equiv", "Content-Security-Policy"), h.Content("default-src 'none'; style-src 'unsafe-inline'")),
			h.Meta(h.Name("color-scheme"), h.Content("light dark")),
			h.TitleEl(g.Text(d.Kind+" "+d.Title)),
			h.StyleEl(g.Raw("\n"+pageStyle)),
		),
		h.Body(h.Main(
			d.head(),
			h.Div(h.Class("figures"), g.Map(d.Figures, shown.figure)),
			some(d.Advice, h.P(h.Class("advice"), h.B(g.Text("Recommended:")), g.Text(" "+d.Advice))),
			h.Nav(h.Aria("label", "Parts of this page"), h.Ul(g.Map(d.Sections, func(s section) g.Node {
				return h.Li(h.A(h.Href("#"+s.ID), g.Text(s.Title)))
			}))),
			g.Map(d.Sections, section.node),
			h.Footer(g.Text(d.Footer)),
		)),
		g.Raw("\n"),
	))
}

func (d *document) head() g.Node {
	kind := g.Group{h.Class("kind"), g.Text(d.Kind)}
	if d.State != nil {
		kind = append(kind, g.Text(" "), h.Span(h.Class("state "+d.State.Class), g.Text(d.State.Text)))
	}
	return h.Header(
		h.P(kind...),
		h.H1(g.Text(d.Title)),
		some(d.Target, h.P(h.Class("target"), g.Text("target: "), h.Code(g.Text(d.Target)))),
		some(d.Answer, h.P(h.Class("answer"), g.Text(d.Answer))),
	)
}

// some is the node if there is text to show in it.
func some(text string, n g.Node) g.Node { return g.If(text != "", n) }

// class is the attribute if there is a class.
func class(name string) g.Node { return some(name, h.Class(name)) }

// codeOr is text, set as code where it is.
func codeOr(text string, code bool) g.Node {
	if code {
		return h.Code(g.Text(text))
	}
	return g.Text(text)
}

func (s shown) figure() g.Node {
	return h.Div(h.Class("figure"), h.Span(g.Text(s.Name)), h.B(class(s.Class), g.Text(s.Value)), some(s.More, h.Span(g.Text(s.More))))
}

func (s section) node() g.Node {
	parts := g.Group{g.Attr("aria-labelledby", s.ID), h.H2(h.ID(s.ID), g.Text(s.Title)), some(s.Lead, h.P(h.Class("soft"), g.Text(s.Lead)))}
	if len(s.Stacks) > 0 {
		parts = append(parts, h.Div(h.Class("stacks-of"), g.Map(s.Stacks, stack.node)))
	}
	if len(s.Legend) > 0 {
		parts = append(parts, h.Ul(h.Class("legend"), g.Map(s.Legend, legendEntry.node)))
	}
	parts = append(parts, g.Map(s.Charts, lineChart.node))
	if len(s.Marks) > 0 {
		parts = append(parts, h.Ol(h.Class("marks"), g.Map(s.Marks, mark.explained)))
	}
	if s.Data != nil {
		parts = append(parts, h.Details(h.Class("data"), h.Summary(g.Text("The figures of the charts as a table")), s.Data.node()))
	}
	if s.Bars != nil {
		parts = append(parts, s.Bars.node())
	}
	if s.Table != nil {
		parts = append(parts, s.Table.node())
	}
	parts = append(parts, g.Map(s.Cards, card.node), pairs(s.Pairs))
	if len(s.Notes) > 0 {
		parts = append(parts, list(s.Notes, h.Class("notes")))
	}
	return g.Group{g.Raw("\n"), h.Section(parts...)}
}

func list(texts []string, attributes ...g.Node) g.Node {
	return h.Ul(g.Group(attributes), g.Map(texts, func(s string) g.Node { return h.Li(g.Text(s)) }))
}

func (e legendEntry) node() g.Node {
	sample := g.El("rect", h.Class(e.Class), h.Width("20"), h.Height("10"))
	if e.Class == "cap" {
		sample = g.El("path", h.Class("cap"), g.Attr("d", "M0 5H20"))
	}
	return h.Li(g.El("svg", h.Class("swatch"), g.Attr("viewBox", "0 0 20 10"), h.Aria("hidden", "true"), sample), g.Text(e.Text))
}

func (m mark) explained() g.Node {
	return h.Li(h.B(h.Class(m.Class), g.Text(strconv.Itoa(m.N))), g.Text(" "+m.Text))
}

func (c card) node() g.Node {
	return g.Group{h.Article(h.Class("card"), h.H3(g.Text(c.Title)), h.P(h.Class(c.State.Class), g.Text(c.State.Text)), pairs(c.Pairs)), g.Raw("\n")}
}

func pairs(list []shown) g.Node {
	if len(list) == 0 {
		return nil
	}
	return h.Dl(h.Class("pairs"), g.Map(list, func(s shown) g.Node {
		return g.Group{h.Dt(g.Text(s.Name)), h.Dd(codeOr(s.Value, s.Code))}
	}))
}

// bar is a bar of 1000 units: its track, and the parts that lie on it.
func bar(shape, label string, parts ...part) g.Node {
	return g.El("svg", h.Class(shape), g.Attr("viewBox", "0 0 1000 10"), g.Attr("preserveAspectRatio", "none"), h.Role("img"), h.Aria("label", label),
		g.El("title", g.Text(label)),
		part{"track", 0, 1000}.node(), g.Map(parts, part.node))
}

func (p part) node() g.Node {
	return g.El("rect", h.Class(p.Class), number("x", p.X), g.Attr("y", "0"), number("width", p.Width), h.Height("10"))
}

func number(name string, value float64) g.Node { return g.Attr(name, fmt.Sprint(value)) }

func (s stack) node() g.Node {
	return g.Group{some(s.Name, h.Span(h.Class("soft"), g.Text(s.Name))), bar("stack", s.Label, s.Parts...)}
}
