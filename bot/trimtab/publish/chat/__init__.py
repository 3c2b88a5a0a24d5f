"""Commands in comments: found, judged by who asks, recorded, done, and answered once."""

from trimtab.publish.chat.answer import Answered, answer_all, tell_outcomes
from trimtab.publish.chat.desk import Chat

__all__ = ["Answered", "Chat", "answer_all", "tell_outcomes"]
