"""A rubric proposed from articles: what they ask of service, each point with the passage it rests on. A person decides what of it holds."""

from clearbar.drafting.draft import Draft, compose_draft
from clearbar.drafting.matching import match_articles
from clearbar.drafting.passages import ArticleText, identifier, read_articles
from clearbar.drafting.proposals import Proposals

__all__ = ["ArticleText", "Draft", "Proposals", "compose_draft", "identifier", "match_articles", "read_articles"]
