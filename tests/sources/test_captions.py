"""WebVTT and SRT with speakers."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from clearbar.transcript import Role

Pull = Callable[..., Any]


def vtt(*cues: str) -> str:
    blocks = [f"00:00:{second:02}.000 --> 00:00:{second + 1:02}.000\n{cue}\n" for second, cue in enumerate(cues, 1)]
    return "WEBVTT\n\n" + "\n".join(blocks)


def srt(*cues: str) -> str:
    blocks = [f"{second}\n00:00:{second:02},000 --> 00:00:{second + 1:02},000\n{cue}\n" for second, cue in enumerate(cues, 1)]
    return "\n".join(blocks)


@pytest.mark.parametrize(("name", "write"), [("call.vtt", vtt), ("call.srt", srt)])
def test_runs_of_a_speaker_are_turns(tmp_path: Path, pull: Pull, name: str, write: Callable[..., str]) -> None:
    (tmp_path / name).write_text(write("Agent: Hello,", "Agent: how can I help?", "Caller: My parcel: it is late."), encoding="utf-8")
    (one,) = pull(tmp_path / name).transcripts
    assert (one.id, one.channel) == ("call", "phone")
    assert [(turn.role, turn.text, turn.time) for turn in one.turns] == [
        (Role.AGENT, "Hello, how can I help?", 0),
        (Role.CUSTOMER, "My parcel: it is late.", 2),
    ]


def test_voices_name_their_speakers_and_agents_keep_their_names(tmp_path: Path, pull: Pull) -> None:
    (tmp_path / "a.vtt").write_text(vtt("<v Agent Bea>Hello", "<v Jane>Hi: there"), encoding="utf-8")
    (one,) = pull(tmp_path / "a.vtt").transcripts
    assert [(turn.role, turn.text, turn.agent) for turn in one.turns] == [
        (Role.AGENT, "Hello", "Agent Bea"),
        (Role.CUSTOMER, "Hi: there", None),
    ]


def test_a_cue_without_a_speaker_goes_on_with_the_last(tmp_path: Path, pull: Pull) -> None:
    (tmp_path / "a.vtt").write_text(vtt("Agent: One", "here is the thing: two", "[hold music]", "Jane: Three", "four"), encoding="utf-8")
    (one,) = pull(tmp_path / "a.vtt").transcripts
    assert [turn.text for turn in one.turns] == ["One here is the thing: two [hold music]", "Three four"]


def test_who_is_who_can_be_said(tmp_path: Path, pull: Pull) -> None:
    (tmp_path / "a.vtt").write_text(vtt("Tom: Hello", "Jane: Hi", "Tom: Bye"), encoding="utf-8")
    (fault,) = pull(tmp_path / "a.vtt").rejections
    assert "say who is who with --map role.NAME=agent" in fault.reason
    assert "Tom" not in fault.reason
    (one,) = pull(tmp_path / "a.vtt", "role.Tom=agent").transcripts
    assert [turn.role for turn in one.turns] == [Role.AGENT, Role.CUSTOMER, Role.AGENT]
    assert one.turns[0].agent is None


def test_notes_styles_identifiers_and_a_byte_order_mark_do_no_harm(tmp_path: Path, pull: Pull) -> None:
    text = (
        "\ufeffWEBVTT - call\nKind: captions\n\nNOTE a remark\n\nSTYLE\n::cue { color: red }\n\nintro\n"
        "00:01.000 --> 00:02.000 align:start\n<v.loud Agent>Hello <i>you</i>\n"
    )
    (tmp_path / "a.vtt").write_text(text, encoding="utf-8")
    (one,) = pull(tmp_path / "a.vtt").transcripts
    assert one.turns[0].text == "Hello you"


@pytest.mark.parametrize(
    ("name", "text", "what"),
    [
        ("a.vtt", "WEBVTT\n\n00:01 -> 00:02\nAgent: hi\n", "no cues"),
        ("a.vtt", "just words\n", "neither WebVTT nor SRT"),
        ("a.srt", "1\n00:00:01,000 -> 00:00:02,000\nAgent: hi\n", "cues|neither"),
        ("a.vtt", vtt("no speaker here", "Agent: hi"), "first cue names no speaker"),
    ],
)
def test_what_is_no_transcript_with_speakers_is_told(tmp_path: Path, pull: Pull, name: str, text: str, what: str) -> None:
    import re  # noqa: PLC0415

    (tmp_path / name).write_text(text, encoding="utf-8")
    (fault,) = pull(tmp_path / name).rejections
    assert re.search(what, fault.reason)


@pytest.mark.shared
def test_published_samples_are_read_or_told(pull: Pull, shared: Path) -> None:
    files = sorted((shared / "formats" / "webvtt").iterdir())
    assert files
    for file in files:
        found = pull(file)
        assert len(found.transcripts) + len(found.rejections) == 1
        assert all("\n" not in str(fault) for fault in found.rejections)
