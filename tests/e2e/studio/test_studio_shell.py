"""The frame of the Studio: door, home, both languages, dark mode, navigation, what happens when the server is away."""

from __future__ import annotations

import json

import pytest

pytestmark = pytest.mark.slow
BOTH = pytest.mark.parametrize("language", ["en", "pt-BR"])
PAGES = {
    "home": ("Home", "Início"),
    "jobs": ("Jobs", "Jobs"),
    "data": ("Data", "Dados"),
    "models": ("Models", "Modelos"),
    "endpoints": ("Endpoints", "Endpoints"),
    "environments": ("Environments", "Ambientes"),
    "compute": ("Compute", "Computação"),
    "datastores": ("Datastores", "Armazenamentos"),
    "settings": ("Settings", "Configurações"),
    "/workspaces": ("Workspaces", "Espaços de trabalho"),
}


@BOTH
def test_the_door_says_how_to_get_in_and_takes_the_token(visitor, language):
    visitor.go("/workspaces/default/jobs")
    visitor.see("bancada status")
    visitor.check_accessibility()
    visitor.screenshot(f"door-{language}")
    visitor.page.get_by_role("textbox").fill(visitor.platform.home.read_token())
    visitor.page.get_by_role("button", name={"en": "Open", "pt-BR": "Abrir"}[language], exact=True).click()
    visitor.heading({"en": "Jobs", "pt-BR": "Jobs"}[language])


def test_a_used_link_opens_nothing_and_says_so(visitor, studio):
    link = json.loads(studio.platform.run("status", "-o", "json").stdout)["page_url"]
    studio.page.goto("about:blank")
    studio.page.goto(link)
    studio.heading("Home")
    studio.at("code=", is_there=False)
    studio.page.context.clear_cookies()
    studio.expected.append(r"401")
    studio.page.goto("about:blank")
    studio.page.goto(link)
    studio.see("The link has been used already")


@BOTH
@pytest.mark.parametrize("path", PAGES)
def test_every_page_is_there_in_both_languages(studio, language, path):
    studio.go(path)
    title = PAGES[path][0 if language == "en" else 1]
    studio.heading(title)
    studio.page.wait_for_function("() => !document.querySelector('[aria-busy=true]')")
    studio.page.wait_for_function("title => document.title === title", arg=f"{title} · Bancada")
    assert studio.page.evaluate("() => document.documentElement.lang") == language
    studio.check_accessibility()
    studio.screenshot(f"{path.strip('/')}-{language}")


@pytest.mark.parametrize("scheme", ["dark"])
@pytest.mark.parametrize("path", ["home", "jobs", "settings"])
def test_dark_mode_follows_the_system(studio, scheme, path):
    studio.go(path)
    studio.heading(PAGES[path][0])
    ground = studio.page.evaluate("() => getComputedStyle(document.body).backgroundColor")
    assert ground == "rgb(15, 18, 22)"
    studio.check_accessibility()
    studio.screenshot(f"{path}-dark")


def test_style_sheets_of_pages_count_after_those_of_every_page(studio):
    studio.api("PUT", "/api/v1/workspaces/default/data/styled/versions/1", {"path": "https://example.org/a.csv"})
    studio.go("data/styled/1")
    tab = studio.page.get_by_role("tab", name="Overview")
    tab.wait_for()
    sheets = studio.page.evaluate("() => [...document.styleSheets].map(one => one.href ?? '').filter(Boolean)")
    assert "/assets/main-" in sheets[0]
    assert tab.evaluate("one => parseFloat(getComputedStyle(one).paddingLeft)") > 4


def test_language_and_appearance_are_remembered(studio):
    studio.go("home")
    studio.page.get_by_role("button", name="Language: English").click()
    studio.page.get_by_role("menuitem", name="Português (Brasil)").click()
    studio.heading("Início")
    studio.page.get_by_role("button", name="Aparência: Como o sistema").click()
    studio.page.get_by_role("menuitem", name="Escura").click()
    studio.page.reload()
    studio.heading("Início")
    studio.page.wait_for_function("() => document.documentElement.dataset.mantineColorScheme === 'dark'")


def test_the_palette_leads_anywhere_by_keyboard(studio):
    studio.log_run("quiet-otter")
    studio.go("home")
    studio.heading("Home")
    studio.page.keyboard.press("Control+k")
    studio.page.get_by_role("combobox").fill("quiet-otter")
    studio.page.get_by_role("option", name="quiet-otter").wait_for()
    studio.screenshot("palette")
    studio.page.keyboard.press("Enter")
    studio.heading("quiet-otter")


@BOTH
def test_what_cannot_be_fetched_leaves_the_page_and_is_asked_for_again(studio, language):
    words = {"en": ("could not be fetched", "Try again"), "pt-BR": ("Não foi possível buscar", "Tentar de novo")}
    said, again = words[language]
    name = studio.submit("echo hello")
    studio.expected += [r"ERR_FAILED", r"Failed to load resource"]
    for part in ("Palette", "Definition"):
        studio.page.route(f"**/assets/{part}-*.js", lambda route: route.abort())
    studio.go(f"jobs/{name}")
    studio.page.get_by_role("tab", name="YAML").click()
    studio.page.get_by_role("tabpanel").get_by_text(said).wait_for()
    studio.page.keyboard.press("Control+k")
    studio.page.locator("[role=alert]").get_by_text(said).nth(1).wait_for()
    studio.heading(name)
    studio.screenshot(f"not-fetched-{language}")
    studio.check_accessibility()
    studio.page.unroute_all()
    studio.page.get_by_role("button", name=again).click()
    studio.page.get_by_role("tabpanel").get_by_text("echo hello").first.wait_for()
    studio.page.keyboard.press("Control+k")
    studio.page.get_by_role("combobox").wait_for()


def test_the_first_tab_stop_skips_to_the_content(studio):
    studio.go("home")
    studio.heading("Home")
    studio.page.keyboard.press("Tab")
    studio.page.keyboard.press("Enter")
    studio.page.wait_for_function("() => document.activeElement.id === 'main'")


def test_addresses_of_the_former_page_lead_to_the_job(studio):
    name = studio.log_run("former-address")
    for old in (f"/?workspace=default#/jobs/{name}", f"/?workspace=default#/experiments/0/runs/{name}"):
        studio.page.goto("about:blank")
        studio.go(old)
        studio.heading("former-address")
        assert studio.page.url == f"{studio.base}/workspaces/default/jobs/{name}"


def test_an_unknown_page_and_workspace_are_said_to_be_unknown(studio):
    studio.go("nothing/here")
    studio.see("There is no such page")
    studio.go("/workspaces/never-made/home")
    studio.see("There is no workspace never-made")


def test_a_workspace_is_created_and_deleted_by_typing_its_name(studio):
    studio.go("/workspaces")
    studio.page.get_by_role("button", name="New workspace").click()
    studio.page.get_by_label("Name").fill("short-lived")
    studio.page.get_by_role("button", name="Create").click()
    studio.heading("Home")
    studio.at("/workspaces/short-lived/")
    studio.go("/workspaces")
    studio.wait_for_costs()
    studio.page.get_by_role("button", name="Delete short-lived").click()
    button = studio.page.get_by_role("dialog").get_by_role("button", name="Delete", exact=True)
    assert button.is_disabled()
    studio.screenshot("workspace-delete")
    studio.page.get_by_label("Type short-lived to confirm").fill("short-lived")
    button.click()
    studio.page.get_by_role("link", name="short-lived").wait_for(state="detached")
    assert "short-lived" not in [one["name"] for one in studio.api("GET", "/api/v1/workspaces")["items"]]
