"""From a transcript and what graders said of it to an audit: whom each verdict concerns, and what it adds up to."""

from collections.abc import Sequence

from clearbar.grading.fallback import apply_conditions
from clearbar.rubric import Rubric
from clearbar.scoring import score
from clearbar.transcript import RedactedTranscript, Role
from clearbar.verdict import Audit, RubricRef, Usage, Verdict

__all__ = ["assemble", "concerned_agent"]


def assemble(
    transcript: RedactedTranscript, rubric: Rubric, verdicts: Sequence[Verdict], usage: Usage | None = None, *, with_text: bool = False
) -> Audit:
    """Return the audit of one conversation.

    Parameters
    ----------
    transcript
        What was graded.
    rubric
        Its scales, conditions, weights and gates are applied here.
    verdicts
        One a criterion, in any order.
    usage
        What the calls consumed.
    with_text
        Whether the audit carries the redacted turns.
    """
    given = {verdict.criterion: verdict for verdict in verdicts}
    in_order = [given[criterion.id] for criterion in rubric.criteria if criterion.id in given]
    final = [_concerning(verdict, transcript) for verdict in apply_conditions(rubric, in_order)]
    scored = score(final, rubric)
    return Audit(
        transcript=transcript.id,
        team=transcript.team,
        agent=transcript.agent,
        rubric=RubricRef(name=rubric.name, version=rubric.version, hash=rubric.full_hash),
        text_hash=transcript.text_hash,
        score=scored.score,
        band=scored.band,
        weight_graded=scored.weight_graded,
        auto_fail=scored.auto_fail,
        verdicts=tuple(final),
        usage=usage or Usage(),
        turns=transcript.turns if with_text else None,
    )


def _concerning(verdict: Verdict, transcript: RedactedTranscript) -> Verdict:
    return verdict.model_copy(update={"agent": concerned_agent(verdict, transcript)})


def concerned_agent(verdict: Verdict, transcript: RedactedTranscript) -> str | None:
    """Return the agent whom a verdict concerns: who spoke the first quoted agent turn, else who had to answer the quoted turn.

    Evidence on no agent's turn (an absence) concerns the agent who speaks next after it, else who spoke last before it. A verdict
    without evidence concerns the conversation's main agent.
    """
    turns = transcript.turns
    places = [item.turn for item in verdict.evidence if item.turn < len(turns)]
    for place in places:
        if turns[place].role is Role.AGENT:
            return turns[place].agent
    if not places:
        return transcript.agent
    spoken = [index for index, turn in enumerate(turns) if turn.role is Role.AGENT]
    after = next((index for index in spoken if index > places[0]), spoken[-1] if spoken else None)
    return None if after is None else turns[after].agent
