"""Chapter 3: what the corners say is what the page says."""


def said(app, kind: str) -> str:
    return " ".join(element.value for element in app.main.get(kind))


def test_best_ramps_are_told_once_a_corner_was_dragged(visit):
    app = visit("walkthrough/bend_the_line")
    assert "Drag the corners" in said(app, "caption")
    assert "at best" not in said(app, "markdown")
    app = visit("walkthrough/bend_the_line", week0="0,5000")
    assert "at best, with as many pieces" in said(app, "markdown")


def test_formula_follows_corners_and_shape(visit):
    link = {"week0": "1,4000", "week1": "2,5000", "pieces": "1"}
    formula = visit("walkthrough/bend_the_line", **link).latex[0].value
    assert r"4000 +1000\operatorname{hard}\!\left(\tfrac{x - 1}{1}\right)" in formula
    app = visit("walkthrough/bend_the_line", **link)
    app.selectbox(key="shape").set_value("relus").run()
    assert r"+1000\max(0, x - 1) -1000\max(0, x - 2)" in app.latex[0].value


def test_claim_follows_the_number_of_pieces(visit):
    app = visit("walkthrough/bend_the_line", target="Last year, smoothed")
    assert "Twice the pieces leave" in said(app, "success") + said(app, "warning")
    assert "At their best, 3 pieces" in said(app, "success") + said(app, "warning")
    app.slider(key="pieces").set_value(2).run()
    assert "At their best, 2 pieces" in said(app, "success") + said(app, "warning")
