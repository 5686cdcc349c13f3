"""A replay: as a page from the disk, as an image that moves, and in JupyterLab."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect
from replay_hand_made import RECORDING, write

from rmqlab.views import KINDS, Replay
from rmqlab.views.ink import DARK, LIGHT

pytestmark = [pytest.mark.browser, pytest.mark.timeout(180)]
MS = 1000
SLOW_S = 30
FRAMES = 15


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("replay")
    shown = Replay(RECORDING, KINDS)
    shown.save_html(folder / "replay.html")
    shown.save_svg(folder / "replay.svg")
    return folder


@pytest.fixture
def opened(page, files):
    """The page, opened from the disk; it may ask for nothing but itself."""
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    address = (files / "replay.html").as_uri()
    page.goto(address)
    yield page
    assert set(asked) == {address}


def dots(page):
    return page.locator('svg[aria-label^="Topic"] [data-id^="m-"]')


def button(page, name):
    return page.get_by_role("button", name=name, exact=True)


def test_the_page_plays_from_the_disk_to_its_end(opened):
    expect(dots(opened)).to_have_count(0)
    opened.get_by_label("Speed").select_option("8")
    button(opened, "Play (space)").click()
    expect(dots(opened)).to_have_count(8, timeout=SLOW_S * MS)
    expect(opened.locator("output")).to_have_text(f"{FRAMES} / {FRAMES} · 12.5 s", timeout=SLOW_S * MS)
    expect(button(opened, "Play (space)")).to_have_text("▶ Play")
    expect(opened.locator(".rmqlab-note")).to_have_text("It is <back>, with all its messages & offsets.")


def test_it_is_stepped_scrubbed_and_paused_by_mouse(opened):
    on, back = button(opened, "One step on (→)"), button(opened, "One step back (←)")
    for count in (1, 2, 3):
        on.click()
        expect(dots(opened)).to_have_count(count)
    back.click()
    expect(dots(opened)).to_have_count(2)
    expect(opened.locator(".rmqlab-said")).to_have_text("1 message stored in orders on broker-a")
    opened.get_by_label("Frame").fill(str(FRAMES - 3))
    expect(opened.locator('[data-id="n-broker-b"]')).to_contain_text("down")
    expect(opened.locator(".rmqlab-said")).to_contain_text("broker-b is killed")
    button(opened, "To the beginning (Home)").click()
    opened.get_by_label("Speed").select_option("0.25")
    button(opened, "Play (space)").click()
    expect(button(opened, "Play (space)")).to_have_text("‖ Pause")
    button(opened, "Play (space)").click()
    expect(button(opened, "Play (space)")).to_have_text("▶ Play")
    expect(opened.locator("output")).not_to_have_text(f"{FRAMES} / {FRAMES} · 12.5 s")


def test_it_is_driven_by_the_keyboard_alone(opened):
    bar = opened.get_by_role("group", name="Replay")
    bar.focus()
    for key, place in (("ArrowRight", 2), ("End", FRAMES), ("ArrowLeft", FRAMES - 1), ("Home", 1)):
        opened.keyboard.press(key)
        expect(opened.locator("output")).to_contain_text(f"{place} / {FRAMES} ")
    for _ in range(5):
        opened.keyboard.press("+")
    expect(opened.get_by_label("Speed")).to_have_value("8")
    opened.keyboard.press("Space")
    expect(opened.locator("output")).to_contain_text(f"{FRAMES} / {FRAMES} ", timeout=SLOW_S * MS)


def test_its_table_and_its_events_follow(opened):
    opened.locator("summary", has_text="The same as a table").first.click()
    opened.locator("summary", has_text="What happened").click()
    opened.get_by_role("listitem").filter(has_text="stock has committed 4 more").get_by_role("button").click()
    expect(opened.locator("table").first).to_contain_text("stock (lag)")
    expect(opened.locator(".rmqlab-events .rmqlab-now")).to_have_text(
        "5.0 s stock has committed 4 more, 0 before it"
    )
    button(opened, "To the beginning (Home)").click()
    expect(opened.locator("table").first).not_to_contain_text("stock (lag)")


def test_a_message_keeps_its_place_in_the_page_from_frame_to_frame(opened):
    on = button(opened, "One step on (→)")
    on.click()
    dots(opened).first.evaluate("each => { each.seenBefore = true; }")
    on.click()
    expect(dots(opened)).to_have_count(2)
    assert dots(opened).first.evaluate("each => each.seenBefore") is True


@pytest.mark.parametrize(("system", "colours"), [("light", LIGHT), ("dark", DARK)])
def test_it_is_light_or_dark_as_the_system_says(page, files, system, colours):
    page.emulate_media(color_scheme=system)
    page.goto((files / "replay.html").as_uri())
    ground = page.locator("body").evaluate("each => getComputedStyle(each).backgroundColor")
    assert "#" + "".join(f"{int(part):02x}" for part in ground[4:-1].split(",")) == colours["paper"]


def test_under_the_systems_high_contrast_letters_are_of_its_colours_and_so_is_what_they_lie_on(page, files):
    page.emulate_media(forced_colors="active")
    page.goto((files / "replay.html").as_uri())
    fill = "each => getComputedStyle(each).fill"
    letters = page.locator('[data-id="n-broker-a"] text', has_text="M").first
    icon = letters.evaluate("each => getComputedStyle(each.previousElementSibling).fill")
    assert {letters.evaluate(fill), icon} == {"rgb(0, 0, 0)", "rgb(255, 255, 255)"}


def test_nothing_glides_for_those_who_asked_for_less(page, files):
    page.emulate_media(reduced_motion="reduce")
    page.goto((files / "replay.html").as_uri())
    button(page, "One step on (→)").click()
    assert (
        page.locator("svg .move").first.evaluate("each => getComputedStyle(each).transitionProperty")
        == "none"
    )


def test_without_scripts_the_page_shows_how_it_ended(chromium, files):
    context = chromium.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto((files / "replay.html").as_uri())
    expect(page.locator('svg[aria-label^="Topic orders: 8 messages"]')).to_be_visible()
    context.close()


@pytest.mark.parametrize("motion", ["no-preference", "reduce"])
def test_the_image_moves_by_itself_unless_that_is_not_wanted(page, files, motion):
    page.emulate_media(reduced_motion=motion)
    page.goto((files / "replay.svg").as_uri())
    visible = "filter(e => getComputedStyle(e).visibility == 'visible')"
    texts = f"[...document.querySelectorAll('text')].{visible}.map(e => e.textContent).join('|')"
    first = page.evaluate(texts)
    if motion == "reduce":
        assert "It is <back>" in first
        assert page.evaluate("document.getAnimations().length") == 0
    else:
        assert "A producer sends eight messages." in first
        page.wait_for_function(f"() => {texts} !== {first!r}", timeout=SLOW_S * MS)


def test_the_image_is_one_that_a_page_can_show(page, files):
    (files / "readme.html").write_text('<img src="replay.svg">')
    page.goto((files / "readme.html").as_uri())
    page.locator("img").evaluate("each => each.decode()")
    assert page.locator("img").evaluate("each => each.naturalWidth") > 400


def test_in_jupyterlab_it_plays_without_the_kernel_and_its_keys_are_not_the_notebooks(
    jupyterlab, open_notebook, page, tmp_path
):
    path = write(tmp_path / "hand-made.jsonl")
    cell = f"from rmqlab.views import replay\nreplay({str(path)!r})"
    notebook = open_notebook(jupyterlab.write("replay.ipynb", cell))
    notebook.run_all()
    queues = notebook.pictures("Topic orders")
    expect(queues).to_be_visible(timeout=SLOW_S * MS)
    notebook.wait_until_run(SLOW_S)
    button(page, "One step on (→)").click()
    expect(dots(page)).to_have_count(1)
    page.get_by_role("group", name="Replay").focus()
    page.keyboard.press("End")
    expect(dots(page)).to_have_count(8)
    page.keyboard.press("Home")
    page.get_by_label("Speed").select_option("8")
    page.get_by_role("group", name="Replay").focus()
    page.keyboard.press("Space")
    expect(page.locator(".rmqlab-replay output")).to_contain_text(
        f"{FRAMES} / {FRAMES} ", timeout=SLOW_S * MS
    )
    data = notebook.saved().cells[0].outputs[0]["data"]
    assert {"image/svg+xml", "text/html", "text/plain"} <= data.keys()
    assert data["text/plain"].startswith("The recording 'hand-made', as it was at its end")
