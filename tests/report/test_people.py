"""Which agents are shown."""

from collections.abc import Callable

from clearbar.report import ReportItem, TeamReport

Item = Callable[..., ReportItem]
Build = Callable[..., TeamReport]


def _work(item: Item, **conversations: int) -> list[ReportItem]:
    agents = [f"agent-{name}" for name, count in conversations.items() for _ in range(count)]
    return [item(number, agents=(agent,)) for number, agent in enumerate(agents, start=1)]


def test_agents_with_few_conversations_are_not_shown(item: Item, build: Build) -> None:
    report = build(_work(item, a=9, b=8, c=3, d=4))
    assert [agent.agent for agent in report.agents] == ["agent-a", "agent-b"]
    assert report.agents_left_out == 2


def test_an_agent_is_left_out_who_would_give_a_small_group_away(item: Item, build: Build) -> None:
    report = build(_work(item, a=9, b=6, c=2))
    assert [agent.agent for agent in report.agents] == ["agent-a"]
    assert report.agents_left_out == 2


def test_agents_of_small_groups_do_not_appear_beside_their_conversations(item: Item, build: Build) -> None:
    agents = ["agent-a"] * 6 + ["agent-b"] * 3 + ["agent-c"] * 3
    items = [item(number, {"courtesy": "below"}, agents=(agent,)) for number, agent in enumerate(agents, start=1)]
    report = build(items)
    assert {talk.agent for talk in report.look_at} == {"agent-a", None}


def test_conversations_of_several_agents_count_for_none_of_them(item: Item, build: Build) -> None:
    shared = item(20, {"courtesy": "below"}, texts=("Hi", "One moment", "Yes?", "Go away"), agents=("agent-a", "agent-b"))
    report = build([*_work(item, a=6, b=6), shared])
    first, second = report.agents
    assert (first.conversations, first.shared, first.clears.count, first.clears.n) == (6, 1, 6, 6)
    assert first.failing == ()
    assert [(tally.id, tally.count) for tally in second.failing] == [("courtesy", 1)]


def test_names_are_shown_only_where_the_settings_ask(item: Item, build: Build) -> None:
    items, names = _work(item, a=6), {"agent-a": "Ann Other"}
    assert "Ann Other" not in build(items, agent_names=names).model_dump_json()
    shown = build(items, agent_names=names, settings={"agents": "name"})
    assert shown.agent_label("agent-a") == "Ann Other"


def test_hidden_agents_are_nowhere_in_the_report(item: Item, build: Build) -> None:
    items = [item(number, {"courtesy": "below"}) for number in range(1, 9)]
    report = build(items, settings={"agents": "hidden"})
    assert "agent-a" not in report.model_dump_json()
    assert report.agents_left_out == 1
