"""A cursor over a statement's tokens, for the statements sqlglot has no grammar for."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from sqlglot.dialects.snowflake import Snowflake
from sqlglot.errors import TokenError
from sqlglot.tokens import Token, TokenType

from . import errors

Value = str | bool | int | float | list["Value"] | dict[str, "Value"] | None

_STAGE = re.compile(r'@((?:[\w$]+|"[^"]+")(?:\.(?:[\w$]+|"[^"]+"))*)(/[^\s;)]*)?')


@lru_cache(maxsize=64)
def tokenize(text: str) -> Sequence[Token]:
    try:
        return Snowflake.Tokenizer().tokenize(text)
    except TokenError as error:
        raise errors.syntax(f"syntax error: {error}") from error


def split(text: str) -> list[str]:
    """The statements of a request; empty ones (a trailing semicolon, comments) are none."""
    statements: list[str] = []
    start: int | None = None
    end = 0
    for token in tokenize(text):
        if token.token_type == TokenType.SEMICOLON:
            if start is not None:
                statements.append(text[start:end])
            start = None
            continue
        start = token.start if start is None else start
        end = token.end + 1
    if start is not None:
        statements.append(text[start:end])
    return statements


@dataclass(frozen=True)
class StageReference:
    """`@stage/path`: the stage's name parts, and the path with its leading `/` removed."""

    name: tuple[str, ...]
    path: str


def _words(token: Token) -> list[Token]:
    """The words of a keyword that sqlglot takes as one, such as STORAGE INTEGRATION."""
    if token.token_type in (TokenType.STRING, TokenType.RAW_STRING, TokenType.IDENTIFIER):
        return [token]
    parts = token.text.split()
    if len(parts) < 2:
        return [token]
    return [
        Token(TokenType.VAR, part, token.line, token.col, token.start, token.end) for part in parts
    ]


class Scanner:
    """Reads keywords, names, options and stage references from left to right."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.tokens = [word for token in tokenize(text) for word in _words(token)]
        self.position = 0

    def done(self) -> bool:
        return self.position >= len(self.tokens)

    def peek(self, offset: int = 0) -> str:
        """The upper-case text of a token that is not a string, or nothing."""
        index = self.position + offset
        if index >= len(self.tokens) or self._is_string(self.tokens[index]):
            return ""
        return self.tokens[index].text.upper()

    def accept(self, *words: str) -> bool:
        """Consumes these words if they come next."""
        if all(self.peek(offset) == word for offset, word in enumerate(words)):
            self.position += len(words)
            return True
        return False

    def expect(self, *words: str) -> None:
        if not self.accept(*words):
            raise self.unexpected()

    def end(self) -> None:
        if not self.done():
            raise self.unexpected()

    def unexpected(self) -> errors.SqlError:
        if self.done():
            return errors.syntax("syntax error: unexpected end of the statement")
        token = self.tokens[self.position]
        return errors.syntax(
            f"syntax error line {token.line} at position {token.col - len(token.text)}"
            f" unexpected '{token.text}'."
        )

    def identifier(self) -> str:
        """One identifier as Snowflake stores it: upper case unless quoted."""
        if self.done():
            raise self.unexpected()
        token = self.tokens[self.position]
        quoted = token.token_type == TokenType.IDENTIFIER
        if not quoted and not re.fullmatch(r"[A-Za-z_][\w$]*", token.text):
            raise self.unexpected()
        if self._is_string(token):
            raise self.unexpected()
        self.position += 1
        return token.text if quoted else token.text.upper()

    def name(self) -> tuple[str, ...]:
        """A dotted name."""
        parts = [self.identifier()]
        while self.accept("."):
            parts.append(self.identifier())
        return tuple(parts)

    def string(self) -> str:
        if self.done() or not self._is_string(self.tokens[self.position]):
            raise self.unexpected()
        self.position += 1
        return self.tokens[self.position - 1].text

    def stage(self) -> StageReference:
        """`@name/path` or `'@name/path'`; the path runs to the next white space."""
        if self.done():
            raise self.unexpected()
        token = self.tokens[self.position]
        if self._is_string(token):
            match = _STAGE.fullmatch(token.text)
            end = token.end
        else:
            match = _STAGE.match(self.text, token.start)
            end = match.end() - 1 if match else 0
        if not match:
            raise self.unexpected()
        while not self.done() and self.tokens[self.position].start <= end:
            self.position += 1
        return StageReference(Scanner(match[1]).name(), (match[2] or "/")[1:])

    def options(self, stop: tuple[str, ...] = ()) -> dict[str, Value]:
        """`NAME = value` pairs up to the end, a closing bracket or a stop word."""
        found: dict[str, Value] = {}
        while not self.done() and self.peek() != ")" and self.peek() not in stop:
            name = self.identifier()
            self.expect("=")
            if name in found:
                raise errors.syntax(f"duplicate property '{name}'")
            found[name] = self.value()
            self.accept(",")
        return found

    def value(self) -> Value:
        """A literal, a word, or a bracketed list of values or of options."""
        if self.done():
            raise self.unexpected()
        token = self.tokens[self.position]
        if self._is_string(token):
            return self.string()
        if self.accept("("):
            return self._bracketed()
        if token.token_type in (TokenType.NUMBER, TokenType.DASH):
            sign = "-" if self.accept("-") else ""
            self.position += 1
            text = sign + self.tokens[self.position - 1].text
            return int(text) if re.fullmatch(r"-?\d+", text) else float(text)
        word = ".".join(self.name())
        return {"TRUE": True, "FALSE": False, "NULL": None}.get(word, word)

    def _bracketed(self) -> Value:
        if self.peek(1) == "=":
            found: Value = self.options()
        else:
            found = []
            while self.peek() != ")" or self._at_string():
                found.append(self.value())
                if not self.accept(","):
                    break
        self.expect(")")
        return found

    def _at_string(self) -> bool:
        return not self.done() and self._is_string(self.tokens[self.position])

    @staticmethod
    def _is_string(token: Token) -> bool:
        return token.token_type in (TokenType.STRING, TokenType.RAW_STRING)
