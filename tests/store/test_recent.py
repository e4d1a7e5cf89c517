"""Conversations read for counts are those whose audits are read in full."""

from datetime import timedelta

from tests.store.made import START, made_item, made_transcript

from clearbar.store import Run, Store


def test_recent_conversations_are_those_that_audits_of_the_time_yield(store: Store, run: Run) -> None:
    made = [made_transcript(number, queue="billing" if number else None) for number in range(4)]
    store.save_batch(run, [made_item(one) for one in made])
    store.save_batch(run, [made_item(made_transcript(3, text="Changed", queue="other"))])
    since = START + timedelta(hours=1)
    found = sorted(store.recent(since, turns=True))
    audits = list(store.audits(since=since, turns=True))
    assert [one.id for one in found] == [one.conversation.id for one in audits] == ["c00001", "c00002", "c00003"]
    for light, audit in zip(found, audits, strict=True):
        whole = audit.conversation
        assert (light.team, light.agents, light.fields["queue"]) == (whole.team, whole.agents, whole.queue)
        assert list(light.turns) == [(turn.role, turn.text) for turn in whole.turns]
    assert [tuple(one.turns) for one in store.recent(since, turns=False)] == [(), (), ()]
