package report

import (
	"fmt"
	"strconv"

	g "maragu.dev/gomponents"
	h "maragu.dev/gomponents/html"
)

// heading is a row of headings; those of numbers stand to the right.
func heading(columns []column) g.Node {
	return h.THead(h.Tr(g.Map(columns, func(c column) g.Node {
		return h.Th(g.Attr("scope", "col"), g.If(c.Right, h.Class("n")), g.Text(c.Text))
	})))
}

func note(text string) g.Node { return some(text, h.Span(h.Class("note"), g.Text(text))) }

func (b *barTable) node() g.Node {
	return h.Div(h.Class("scroll"), h.Table(h.Class("bars"), heading(columns(b.Names, ">objects", ">bytes", "share")),
		h.TBody(g.Map(b.Rows, func(r barRow) g.Node {
			return g.Group{g.Raw("\n"), h.Tr(
				h.Td(h.Class("name"), g.Text(r.Name), note(r.Note)),
				h.Td(h.Class("n"), g.Text(r.Objects)),
				h.Td(h.Class("n"), g.Text(r.Bytes)),
				h.Td(h.Class("bar"), bar("hbar", r.Share, part{"a", 0, r.Width})),
			)}
		}))))
}

func (t *grid) node() g.Node {
	if len(t.Rows) == 0 {
		return nil
	}
	around := g.Group{h.Class("scroll")}
	if !t.Stacks() && !t.Prose { // it may be wider than the window, and is moved by keys
		around = append(around, h.Role("region"), h.Aria("label", "table"), h.TabIndex("0"))
	}
	parts := g.Group{h.Class(t.Class())}
	if len(t.Header) > 0 {
		parts = append(parts, heading(t.Header))
	}
	parts = append(parts, h.TBody(g.Map(t.Rows, t.row)))
	return h.Div(append(around, h.Table(parts...))...)
}

func (t *grid) row(r gridRow) g.Node {
	cells := g.Group{class(r.Class)}
	for i, c := range r.Cells {
		cells = append(cells, h.Td(class(c.Class), g.If(len(t.Header) > 0, h.Data("label", t.Label(i))), codeOr(c.Text, c.Code), note(c.Note),
			g.If(len(c.List) > 0, list(c.List))))
	}
	return g.Group{g.Raw("\n"), h.Tr(cells...)}
}

func (c lineChart) node() g.Node {
	label := c.Title + ": " + c.Caption
	return h.Figure(h.Class("chart"),
		h.FigCaption(h.B(g.Text(c.Title)), h.Span(g.Text(c.Caption))),
		h.Div(h.Class("plot"),
			h.Div(h.Class("y"), h.Aria("hidden", "true"), g.Map(c.Ticks, func(t tick) g.Node { return h.Span(g.Text(t.Text)) })),
			g.El("svg", h.Class("line"), h.Role("img"), h.Aria("label", label), g.El("title", g.Text(label)), c.curves(), g.Map(c.Marks, mark.drawn)),
			h.Div(h.Class("x"), h.Aria("hidden", "true"), g.Map(c.Times, func(s string) g.Node { return h.Span(g.Text(s)) })),
		),
		g.Raw("\n"),
	)
}

// curves are drawn in a box that is stretched to the width of the window.
func (c lineChart) curves() g.Node {
	return g.El("svg", g.Attr("viewBox", "0 0 1000 100"), g.Attr("preserveAspectRatio", "none"), h.Width("100%"), h.Height("100%"),
		g.Map(c.Ticks, func(t tick) g.Node { return path("grid", fmt.Sprintf("M0 %vH1000", t.Y)) }),
		g.Map(c.Curves, func(v curve) g.Node {
			return g.Group{path("area "+v.Class, v.Area), path("edge "+v.Class, v.Edge)}
		}),
		some(c.CapPath, path("cap", c.CapPath)))
}

func path(class, d string) g.Node { return g.El("path", h.Class(class), g.Attr("d", d)) }

// drawn is a line across the chart, and its number, which is not stretched.
func (m mark) drawn() g.Node {
	x := fmt.Sprintf("%v%%", m.X)
	of := m.Class
	if m.Right {
		of += " end"
	}
	return g.Group{
		g.El("line", h.Class("mark "+m.Class), g.Attr("x1", x), g.Attr("x2", x), g.Attr("y1", "0"), g.Attr("y2", "100%")),
		g.El("text", h.Class(of), g.Attr("x", x), g.Attr("y", strconv.Itoa(m.Y)), g.Text(strconv.Itoa(m.N))),
	}
}
