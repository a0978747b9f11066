"""Chapters of the walkthrough in a real browser: each main gesture by mouse and by keyboard alone."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.browser.conftest import PATIENCE, Server, new_context, tab, wait_until_drawn

NARROW = {"width": 390, "height": 844}
WORK = 4 * PATIENCE  # a dozen small models
STILL = 100  # ms for which what has been laid out stays where it is


def settled_box(page: Page, shown: Locator) -> dict[str, float]:
    """Where it is on the page, once that has been laid out: at the same place twice."""
    before = None
    while (box := shown.bounding_box()) is None or box != before:
        before = box
        page.wait_for_timeout(STILL)
    return box


def drag(page: Page, handle: Locator, right: float, down: float) -> None:
    """Take a handle and let it go that many pixels away."""
    handle.scroll_into_view_if_needed()
    box = settled_box(page, handle)
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + right / 2, y + down / 2, steps=4)
    page.mouse.move(x + right, y + down, steps=4)
    page.mouse.up()


def press_and_wait(page: Page, key: str) -> None:
    """Press a key that moves what the URL keeps, and wait until it has."""
    before = page.url
    page.keyboard.press(key)
    expect(page).not_to_have_url(before)


def rewind(page: Page) -> Locator:
    """Go to the first step of a path, once nothing new is on its way; its slider."""
    wait_until_drawn(page)
    scrub = page.get_by_role("slider", name="Steps of the path").first
    scrub.focus()
    page.keyboard.press("Home")
    return scrub


def start_of_descent(page: Page) -> Locator:
    return page.get_by_role("slider", name="Start of the descent: slope and intercept")


def test_descent_begins_where_the_point_is_dropped(page: Page) -> None:
    page.goto("/three_steps")
    expect(page.get_by_text("Drag the point to where you expect the lowest loss")).to_be_visible()
    drag(page, start_of_descent(page), 200, -100)
    expect(page).to_have_url(re.compile(r"hand="))
    expect(page.get_by_text("Update 500 of 500")).to_be_visible()
    expect(page.get_by_text("Drag the point to where you expect the lowest loss")).to_have_count(0)
    kept = start_of_descent(page).get_attribute("aria-valuetext")
    page.reload()
    expect(start_of_descent(page)).to_have_attribute("aria-valuetext", kept)


def test_descent_by_keyboard_alone(page: Page) -> None:
    page.goto("/three_steps")
    start_of_descent(page).focus()
    for _time in range(5):
        page.keyboard.press("Shift+ArrowRight")
    page.keyboard.press("ArrowUp")
    expect(page).to_have_url(re.compile(r"hand=0\.5%2C-0\.76"))  # where the last key leads
    scrub = rewind(page)
    expect(page.get_by_text("Update 0 of 500")).to_be_visible()
    page.keyboard.press("ArrowRight")
    expect(scrub).to_have_attribute("aria-valuetext", "Update 1 of 500")


def test_a_preset_bounces_and_says_so(page: Page) -> None:
    page.goto("/three_steps")
    page.get_by_role("button", name="Bounces").click()
    expect(page.get_by_text(re.compile("Does not hold here: Descent arrives. It ends"))).to_be_visible()
    expect(page).to_have_url(re.compile("rate=0.1"))
    page.reload()
    expect(page.get_by_text(re.compile("Does not hold here: Descent arrives. It ends"))).to_be_visible()


def test_chapter_on_a_phone_shows_the_picture_first_and_scrolls(page: Page) -> None:
    page.set_viewport_size(NARROW)
    page.goto("/three_steps")
    picture = start_of_descent(page).bounding_box()
    assert picture["y"] < page.get_by_role("slider", name="Learning rate").bounding_box()["y"]
    assert page.evaluate("document.documentElement.scrollWidth") <= NARROW["width"]
    touch = page.locator("canvas").first.evaluate("canvas => getComputedStyle(canvas).touchAction")
    assert touch == "pan-y"


@pytest.mark.parametrize("hidden", ["loss", "rate,updates"])
def test_links_hand_on_what_a_lesson_hides(page: Page, hidden: str) -> None:
    page.goto(f"/three_steps?hide={hidden}&lang=English")
    page.get_by_test_id("stMain").get_by_role("link", name="Contents").click()
    expect(page.get_by_role("heading", name="Walkthrough")).to_be_visible()
    expect(page).to_have_url(re.compile(re.escape(f"hide={hidden}").replace(",", "(,|%2C)")))


def corner(page: Page, number: int) -> Locator:
    return page.get_by_role("slider", name=f"Corner {number}")


def guessed(page: Page) -> float:
    """The loss of the best guess so far."""
    return float(re.search(r"best guess: ([\d.]+)", page.get_by_text("Loss of your best guess").inner_text()).group(1))


def test_the_best_guess_stays_as_one_to_beat(page: Page) -> None:
    page.goto("/three_steps")
    drag(page, start_of_descent(page), 150, 0)
    first = guessed(page)
    drag(page, start_of_descent(page), 100, 0)
    expect(page.get_by_text(f"Loss of your best guess: {first}")).to_have_count(0)
    second = guessed(page)
    assert second < first
    before = page.url
    drag(page, start_of_descent(page), -200, 0)
    page.wait_for_url(lambda url: url != before)
    expect(page.get_by_text(f"Loss of your best guess: {second}")).to_be_visible()


def test_the_start_moves_along_the_cut_too(page: Page) -> None:
    page.goto("/three_steps")
    drag(page, page.get_by_role("slider", name="Start of the descent", exact=True), 100, -80)
    expect(page).to_have_url(re.compile(r"hand=0?-?[\d.]+(,|%2C)-0\.8(&|$)"))
    expect(start_of_descent(page)).to_have_attribute("aria-valuetext", re.compile(r"w (−0\.[0-4]|0|1)"))  # from −0.50


def swipe(page: Page, x: float, y: float, up: float) -> None:
    """A finger drawn upwards."""
    finger = page.context.new_cdp_session(page)
    for kind, moved in [("touchStart", 0), *(("touchMove", up * step / 8) for step in range(1, 9)), ("touchEnd", None)]:
        points = [] if moved is None else [{"x": x, "y": y - moved}]
        finger.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})


def test_a_finger_beside_the_handle_scrolls_and_on_it_drags(browser: Browser, server: Server) -> None:
    context = new_context(browser, server.url, viewport=NARROW, has_touch=True)
    page = context.new_page()
    page.goto("/three_steps")
    handle = start_of_descent(page)
    box = handle.bounding_box()
    where = handle.get_attribute("aria-valuetext")
    swipe(page, box["x"] + 18, box["y"] + 18, up=120)
    expect(handle).not_to_have_attribute("aria-valuetext", where)
    assert handle.bounding_box()["y"] == pytest.approx(box["y"] - 120, abs=3)  # with the finger: the page stood still
    moved = handle.bounding_box()["y"]
    swipe(page, box["x"] + 150, box["y"] + 18, up=120)
    page.wait_for_function("document.querySelector('[data-testid=stMain]').scrollTop > 50")
    assert handle.bounding_box()["y"] < moved - 50
    context.close()


def test_nothing_plays_by_itself_for_those_who_want_less_motion(browser: Browser, server: Server) -> None:
    context = new_context(browser, server.url, reduced_motion="reduce")
    page = context.new_page()
    page.goto("/three_steps?hand=0,0")
    expect(page.get_by_role("button", name="One step back")).to_be_visible()
    expect(page.get_by_role("button", name="Play or pause")).to_be_hidden()
    context.close()


def test_a_path_plays_from_its_start(page: Page) -> None:
    page.goto("/three_steps?hand=0,0")
    play = page.get_by_role("button", name="Play or pause")
    scrub = page.get_by_role("slider", name="Steps of the path")
    expect(scrub).to_have_attribute("aria-valuetext", "Update 500 of 500")
    play.click()
    expect(scrub).not_to_have_attribute("aria-valuetext", "Update 500 of 500")
    play.click()
    stopped = scrub.get_attribute("aria-valuetext")
    page.get_by_role("button", name="One step on").click()
    expect(scrub).not_to_have_attribute("aria-valuetext", stopped)


def test_train_takes_over_what_the_chapter_was_set_to(page: Page) -> None:
    page.goto("/three_steps?rate=0.1&updates=300")
    page.get_by_role("link", name="Open in Train").click()
    expect(page.get_by_role("button", name="Train", exact=True)).to_be_visible()
    expect(page.get_by_role("spinbutton", name="Window")).to_have_value("1")
    expect(page.get_by_role("spinbutton", name="Epochs", exact=True)).to_have_value("300")
    expect(page).to_have_url(re.compile("learning_rate=0.1"))
    expect(page.get_by_text("The link asks for")).to_have_count(0)


def test_a_link_to_a_chapter_wakes_a_fresh_server(browser: Browser, tmp_path: Path) -> None:
    fresh = Server(tmp_path).start()
    try:
        with tab(browser, fresh) as page:
            page.goto("/three_steps?rate=0.1&hand=0,0&hide=loss")
            expect(page.get_by_role("heading", name="Three steps")).to_be_visible()
            expect(page.get_by_text("It ends")).to_be_visible()
            expect(page.get_by_text("Page not found")).to_have_count(0)
    finally:
        fresh.stop()


def test_ramps_follow_dragged_corners_and_are_compared_with_the_best(page: Page) -> None:
    page.goto("/bend_the_line")
    expect(page.get_by_text("Drag the corners until")).to_be_visible()
    drag(page, corner(page, 2), 60, -80)
    expect(page).to_have_url(re.compile(r"week1="))
    expect(page.get_by_text(re.compile("Error by hand: .* at best, with as many pieces"))).to_be_visible()
    kept = corner(page, 2).get_attribute("aria-valuetext")
    page.reload()
    expect(corner(page, 2)).to_have_attribute("aria-valuetext", kept)


def test_ramps_by_keyboard_alone_and_the_network_trained_beside_the_line(page: Page) -> None:
    page.goto("/bend_the_line")
    corner(page, 3).focus()
    before = corner(page, 3).get_attribute("aria-valuetext")
    page.keyboard.press("Shift+ArrowDown")
    page.keyboard.press("ArrowLeft")
    expect(page).to_have_url(re.compile(r"week2="))
    expect(corner(page, 3)).not_to_have_attribute("aria-valuetext", before)
    page.get_by_role("button", name="Train 100 ReLU against a line").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_text(re.compile("Bending pays. Held-out MAE is"))).to_be_visible()
    rewind(page)
    expect(page.get_by_text("Epoch 1 of 60")).to_be_visible()


def window_handle(page: Page) -> Locator:
    return page.get_by_role("slider", name="Window (days of input)").and_(page.locator("button"))


def test_windows_are_scrubbed_by_mouse(page: Page) -> None:
    page.goto("/know_your_data")
    expect(window_handle(page)).to_have_attribute("aria-valuetext", "1 day")
    drag(page, window_handle(page), 300, 0)
    expect(page).to_have_url(re.compile(r"window=\d\d"))
    window = re.search(r"window=(\d+)", page.url)[1]
    expect(window_handle(page)).to_have_attribute("aria-valuetext", f"{window} days")
    expect(page.locator(".katex-html").last).to_contain_text(f"x{window}")
    page.reload()
    expect(window_handle(page)).to_have_attribute("aria-valuetext", f"{window} days")


@pytest.mark.parametrize("hidden", ["", "?hide=window"])
def test_windows_are_scrubbed_by_keyboard_alone(page: Page, hidden: str) -> None:
    page.goto(f"/know_your_data{hidden}")
    window_handle(page).focus()
    page.keyboard.press("Shift+ArrowRight")
    page.keyboard.press("ArrowRight")
    expect(page).to_have_url(re.compile("window=7"))
    expect(page.get_by_label("Weight of each day of the window")).to_be_visible()
    expect(page.locator(".katex-html").last).to_contain_text("x7")


def net_shown(page: Page) -> Locator:
    return page.get_by_role("slider", name="Net shown")


def test_nets_by_mouse(page: Page) -> None:
    page.goto("/deeper")
    expect(net_shown(page)).to_have_attribute("aria-valuetext", "3 layers of 100 ReLU")
    drag(page, net_shown(page), 90, 0)
    expect(page).to_have_url(re.compile("at=4"))
    expect(page.get_by_role("link", name="Open in Train")).to_have_attribute("href", re.compile("layers=4"))
    page.reload()
    expect(net_shown(page)).to_have_attribute("aria-valuetext", "4 layers of 100 ReLU")


def test_nets_by_keyboard_alone_are_trained_and_stopped(page: Page) -> None:
    page.goto("/deeper")
    net_shown(page).focus()
    page.keyboard.press("ArrowLeft")
    expect(page).to_have_url(re.compile("at=2"))
    page.get_by_role("button", name="Train these nets").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_text("of 6 models trained")).to_be_visible()
    page.get_by_test_id("stMain").get_by_role("button", name="Stop").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Train these nets")).to_be_visible()


def test_old_links_open_the_part_that_they_name(page: Page) -> None:
    page.goto("/table?table_epochs=50&split=2021+/+2022&lang=English")
    expect(page.get_by_role("button", name="Train all models")).to_be_visible()
    expect(page.get_by_role("combobox", name="Split: train / held-out")).to_have_value("2021 / 2022")
    expect(page.get_by_role("spinbutton", name="Epochs")).to_have_value("50")
    expect(page).to_have_url(re.compile("/deeper.*part=Lecture"))
    page.get_by_role("radio", name="Reveal").click()
    expect(page.get_by_text("Who will be closest?")).to_be_visible()
    page.goto("/reveal?hidden=5&lang=中文")
    expect(page.get_by_role("slider", name="隐藏的天数")).to_have_value("5")


def degree(page: Page) -> Locator:
    """The handle on the curve of losses; the slider beside it has the same name."""
    return page.locator("button.handle[aria-label='Degree']")


def test_complexity_is_scrubbed_on_the_curve_of_losses(page: Page) -> None:
    page.goto("/overfitting")
    expect(degree(page)).to_have_attribute("aria-valuetext", re.compile("9"))
    drag(page, degree(page), -1000, 0)
    expect(page).to_have_url(re.compile(r"degree=1(&|$)"))
    page.reload()
    expect(degree(page)).to_have_attribute("aria-valuetext", re.compile("1"))


def test_overfitting_by_keyboard_alone_and_the_remedies_trained(page: Page) -> None:
    page.goto("/overfitting")
    degree(page).focus()
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowLeft")
    expect(page).to_have_url(re.compile(r"degree=7"))
    page.goto("/overfitting?toy=This+channel")
    page.get_by_role("button", name="Try remedies on 100 ReLU and one year").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("row", name=re.compile(r"Fewer features helps \d+ · "))).to_be_visible()


def start_of_batches(page: Page) -> Locator:
    return page.get_by_role("slider", name="Start of the descent")


def test_batches_go_down_from_where_the_start_is_dropped(page: Page) -> None:
    page.goto("/formula_or_batches")
    expect(page.get_by_text("Update 40 of 40")).to_be_visible()
    drag(page, start_of_batches(page), 250, -120)
    expect(page).to_have_url(re.compile("start_days="))
    kept = start_of_batches(page).get_attribute("aria-valuetext")
    page.reload()
    expect(start_of_batches(page)).to_have_attribute("aria-valuetext", kept)


def test_batches_by_keyboard_alone(page: Page) -> None:
    page.goto("/formula_or_batches")
    page.get_by_role("slider", name="Batch size").focus()
    for _time in range(4):
        page.keyboard.press("ArrowLeft")
    expect(page.get_by_text("Update 200 of 200")).to_be_visible()
    expect(page).to_have_url(re.compile("batch=1(&|$)"))
    start_of_batches(page).focus()
    press_and_wait(page, "Shift+ArrowRight")
    press_and_wait(page, "ArrowUp")
    expect(page).to_have_url(re.compile("start_days="))
    rewind(page)
    expect(page.get_by_text("Update 0 of 200")).to_be_visible()


def models_tried(page: Page) -> Locator:
    return page.get_by_role("slider", name="Useless models tried").and_(page.locator(".handle"))


def test_useless_models_by_mouse(page: Page) -> None:
    page.goto("/choosing_models")
    expect(page.get_by_text("The best of 10,000 useless models")).to_be_visible()
    drag(page, models_tried(page), -330, 0)
    expect(page).to_have_url(re.compile("dared=(30|100)(&|$)"))
    expect(page.get_by_text(re.compile("The best of (30|100) useless models"))).to_be_visible()


def test_useless_models_by_keyboard_alone(page: Page) -> None:
    page.goto("/choosing_models")
    models_tried(page).focus()
    for _time in range(3):
        page.keyboard.press("Shift+ArrowLeft")
    expect(page.get_by_text(re.compile("The best of (300|1,000) useless models"))).to_be_visible()
    expect(page).to_have_url(re.compile("dared="))


def test_borders_of_the_folds_by_mouse_and_by_keyboard(page: Page) -> None:
    page.goto("/choosing_models?part=Folds")
    border = page.get_by_role("slider", name="Border 1 of the folds")
    before = border.get_attribute("aria-valuetext")
    drag(page, border, -60, 0)
    expect(page).to_have_url(re.compile("borders=20"))
    dragged = border.get_attribute("aria-valuetext")
    assert dragged < before
    border.focus()
    page.keyboard.press("ArrowRight")
    expect(page).to_have_url(re.compile("borders=(?!" + dragged + ")"))
    page.reload()
    expect(border).not_to_have_attribute("aria-valuetext", before)


def your_answer(page: Page) -> Locator:
    return page.get_by_role("slider", name="Your answer")


def test_a_branch_is_expected_and_then_diagnosed_by_mouse(page: Page) -> None:
    page.goto("/what_is_wrong")
    page.get_by_role("button", name="64 ReLU").click()
    expect(page).to_have_url(re.compile("model=64"))
    page.get_by_role("button", name="Train this model").click()
    expect(page.get_by_text("Drag the point to the branch")).to_be_visible()
    expect(your_answer(page)).to_have_attribute("aria-valuetext", "No answer yet")
    drag(page, your_answer(page), 300, 52)
    expect(page).to_have_url(re.compile("answer_slow=3"))
    expect(your_answer(page)).to_have_attribute("aria-valuetext", "Mismatch")
    page.get_by_role("button", name="Diagnose", exact=True).click()
    expect(page.get_by_text("You said “Mismatch”; the diagnosis is “Optimization issue”")).to_be_visible(timeout=WORK)
    lit = re.compile("the branch of this run: Optimization issue")
    expect(page.locator("canvas").first).to_have_attribute("aria-label", lit)
    page.reload()
    expect(page.locator("canvas").first).to_have_attribute("aria-label", lit)


def test_a_branch_is_expected_by_keyboard_alone_and_the_diagnosis_stopped(page: Page) -> None:
    page.goto("/what_is_wrong")
    page.get_by_role("button", name="Train this model").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_text("Drag the point to the branch")).to_be_visible()
    your_answer(page).focus()
    page.keyboard.press("ArrowUp")
    expect(page).to_have_url(re.compile("answer_small=1"))
    page.keyboard.press("ArrowUp")
    expect(page).to_have_url(re.compile("answer_small=0"))
    expect(your_answer(page)).to_have_attribute("aria-valuetext", "Model bias")
    page.get_by_role("button", name="Diagnose", exact=True).focus()
    page.keyboard.press("Enter")
    page.get_by_test_id("stMain").get_by_role("button", name="Stop", exact=True).focus()
    page.keyboard.press("Enter")
    expect(page.get_by_text("Stopped before the result was complete")).to_be_visible()
    expect(page.get_by_role("button", name="Diagnose", exact=True)).to_be_visible()


def batch_handle(page: Page) -> Locator:
    """The handle in the picture; the slider beside it has the same name."""
    return page.locator("button.handle[aria-label='Batch size']")


def test_batch_sizes_are_dragged_by_mouse(page: Page) -> None:
    page.goto("/batch_size")
    expect(batch_handle(page)).to_have_attribute("aria-valuetext", "B 16")
    drag(page, batch_handle(page), -1000, 0)
    expect(page).to_have_url(re.compile("batch=1(&|$)"))
    expect(page.locator(".katex-html").last).to_contain_text("1770")
    page.reload()
    expect(batch_handle(page)).to_have_attribute("aria-valuetext", "B 1")


def test_batch_sizes_by_keyboard_alone_are_trained_and_stopped(page: Page) -> None:
    page.goto("/batch_size")
    batch_handle(page).focus()
    page.keyboard.press("ArrowRight")
    expect(page).to_have_url(re.compile("batch=64"))
    page.get_by_role("button", name="Train with every batch size").focus()
    page.keyboard.press("Enter")
    page.get_by_test_id("stMain").get_by_role("button", name="Stop", exact=True).focus()
    page.keyboard.press("Enter")
    expect(page.get_by_text("Stopped before the result was complete")).to_be_visible()
    expect(page.get_by_role("button", name="Train with every batch size")).to_be_visible()


def start_of_both_ways(page: Page) -> Locator:
    return page.get_by_role("slider", name="Start of the descent")


def test_momentum_goes_down_from_where_the_start_is_dropped(page: Page) -> None:
    page.goto("/momentum")
    expect(page.get_by_text("Update 26 of 26")).to_be_visible()
    drag(page, start_of_both_ways(page), 60, 90)
    expect(page).to_have_url(re.compile("start_ellipse="))
    kept = start_of_both_ways(page).get_attribute("aria-valuetext")
    drag(page, page.get_by_role("slider", name="Update shown"), 30, 0)
    expect(page).to_have_url(re.compile("update=1[1-9]"))
    page.reload()
    expect(start_of_both_ways(page)).to_have_attribute("aria-valuetext", kept)


def test_momentum_by_keyboard_alone(page: Page) -> None:
    page.goto("/momentum")
    page.get_by_role("slider", name="Momentum").focus()
    page.keyboard.press("ArrowLeft")
    expect(page).to_have_url(re.compile("momentum=0.4"))
    expect(page.get_by_text("Your best: 10, with 0.5")).to_be_visible()
    start_of_both_ways(page).focus()
    page.keyboard.press("Shift+ArrowRight")
    expect(page).to_have_url(re.compile("start_ellipse="))
    page.get_by_role("slider", name="Start on the road").focus()
    page.keyboard.press("Shift+ArrowLeft")
    expect(page).to_have_url(re.compile("start_road="))
    rewind(page)
    expect(page.get_by_text(re.compile("Update 0 of"))).to_be_visible()


def scale_of_input(page: Page) -> Locator:
    return page.locator("button.handle[aria-label='Scale of x₂']")


def test_the_scale_of_an_input_by_mouse_and_by_keyboard(page: Page) -> None:
    page.goto("/batch_normalization")
    expect(scale_of_input(page)).to_be_visible()
    drag(page, scale_of_input(page), 600, 0)
    expect(page).to_have_url(re.compile("spread=100"))
    expect(page.get_by_text(re.compile("38,226 raw"))).to_be_visible()
    page.reload()
    scale_of_input(page).focus()
    for _time in range(3):
        page.keyboard.press("Shift+ArrowLeft")
    expect(page).to_have_url(re.compile("spread=[1-5]0"))
    expect(page.get_by_text(re.compile("38,226 raw"))).to_have_count(0)


def weights(page: Page) -> Locator:
    return page.get_by_role("slider", name="Weights w₁ and w₂")


def test_a_saddle_is_found_by_mouse_and_left_by_a_step(page: Page) -> None:
    page.goto("/minimum_or_saddle?point=1,0")
    expect(page.get_by_text("not a critical point")).to_be_visible()
    drag(page, weights(page), -0.23 * settled_box(page, page.locator("canvas").first)["width"], 0)
    expect(page.get_by_text(re.compile("Holds: This point is a saddle"))).to_be_visible()
    drag(page, page.get_by_role("slider", name="Length of the step"), 60, 0)
    expect(page).to_have_url(re.compile(r"step=1\.\d"))
    kept = weights(page).get_attribute("aria-valuetext")
    page.reload()
    expect(weights(page)).to_have_attribute("aria-valuetext", kept)


def test_own_network_by_keyboard_alone_ends_at_a_saddle(page: Page) -> None:
    page.goto("/minimum_or_saddle?point=0.1,0")
    weights(page).focus()
    page.keyboard.press("ArrowLeft")
    expect(page).to_have_url(re.compile(r"point=0\.0"))
    page.goto("/minimum_or_saddle?on=Own+network")
    page.get_by_role("button", name="Train and look").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_text(re.compile("Training ends at no minimum. Lowest eigenvalue"))).to_be_visible()
    page.get_by_role("slider", name="Checkpoint", exact=True).focus()
    page.keyboard.press("ArrowLeft")
    expect(page).to_have_url(re.compile(r"checkpoint=30(&|$)"))
    page.get_by_role("slider", name="Length of the step").focus()
    page.keyboard.press("ArrowRight")
    expect(page).to_have_url(re.compile("step_net="))


def learning_rate(page: Page) -> Locator:
    return page.locator("button.handle[aria-label='Learning rate']")


def test_the_learning_rate_by_mouse_and_by_keyboard(page: Page) -> None:
    page.goto("/learning_rate")
    expect(learning_rate(page)).to_be_visible()
    drag(page, learning_rate(page), 120, 0)
    expect(page).to_have_url(re.compile(r"rate=0\.0[13]"))
    page.get_by_text("A rate for each unknown").click()
    expect(page.get_by_text("Adagrad bursts, and decay stops it")).to_be_visible()
    page.reload()
    learning_rate(page).focus()
    for _time in range(2):
        press_and_wait(page, "Shift+ArrowRight")
    expect(page).to_have_url(re.compile(r"rate=(0\.[135]|1)(&|$)"))
    scrub = rewind(page)
    expect(scrub).to_have_attribute("aria-valuetext", "Update 0 of 1000")


def start_on(page: Page, loss: str) -> Locator:
    return page.get_by_role("slider", name=f"Start on {loss}: y₁ and y₂")


def test_both_losses_go_down_from_where_the_start_is_dropped(page: Page) -> None:
    page.goto("/loss")
    expect(page.get_by_text("Drag the start: where does MSE stand still?")).to_be_visible()
    drag(page, start_on(page, "Squared error (MSE)"), 200, 200)
    expect(page).to_have_url(re.compile("start="))
    expect(page.get_by_text(re.compile("Does not hold here: MSE sticks"))).to_be_visible()
    cross_entropy = start_on(page, "Cross-entropy").get_attribute("aria-valuetext")
    assert (
        cross_entropy.split(" · ")[:2]
        == (start_on(page, "Squared error (MSE)").get_attribute("aria-valuetext").split(" · ")[:2])
    )
    page.get_by_role("button", name="(−10, 10)").click()
    expect(page.get_by_text(re.compile("Does not hold here: Adam rescues MSE"))).to_be_visible()


def test_bounds_of_flat_and_the_start_by_keyboard_alone(page: Page) -> None:
    page.goto("/loss?start=-8,8")
    start_on(page, "Cross-entropy").focus()
    for _time in range(6):
        page.keyboard.press("Shift+ArrowRight")
    expect(page.get_by_text(re.compile("Does not hold here: MSE sticks"))).to_be_visible()
    page.goto("/loss?part=Tomorrow%27s+class")
    upper = page.get_by_role("slider", name="Flat to")
    upper.focus()
    before = page.get_by_text(re.compile("Log loss [\\d.]+ instead of")).first.inner_text()
    page.keyboard.press("Shift+ArrowRight")
    expect(page).to_have_url(re.compile("flat="))
    expect(page.get_by_text(before)).to_have_count(0)


def border(page: Page) -> Locator:
    return page.get_by_role("slider", name="First held-out day")


def test_the_border_and_the_history_by_mouse_and_by_keyboard(page: Page) -> None:
    page.goto("/when_the_world_changes")
    expect(page.get_by_text("held out 2022-01-01 to 2022-12-31")).to_be_visible()
    drag(page, border(page), -130, 0)
    expect(page).to_have_url(re.compile("border=20(20|21)"))
    drag(page, page.get_by_role("slider", name="First training day"), 250, 0)
    expect(page).to_have_url(re.compile("history="))
    page.get_by_role("button", name="The lecture's split").click()
    expect(page.get_by_text("held out 2021-01-01 to 2021-12-31")).to_be_visible()
    border(page).focus()
    page.keyboard.press("Shift+ArrowLeft")
    expect(page).to_have_url(re.compile("border=2020"))
