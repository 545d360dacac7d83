"""The configuration pages know every key of the schema, and no other."""

import re

import msgspec
import pytest

from config import schema
from config.load import ROOT

SECTIONS = {
    "node": schema.Node,
    "defaults": schema.Defaults,
    "venue": schema.Venue,
    "instrument": schema.Instrument,
    "instrument.fees": schema.Fees,
    "instrument.fees_from": schema.FeesFrom,
    "fx": schema.Fx,
    "shards": schema.Shards,
    "shard": schema.Shard,
    "pair": schema.Pair,
    "pair.legs": schema.Leg,
    "pair.legs.limits": schema.LegLimits,
    "pair.trigger": schema.Trigger,
    "pair.size": schema.Size,
    "pair.exposure": schema.Exposure,
    "pair.limits": schema.PairLimits,
}
ROW = re.compile(r"^\| `([a-z_]+)` \| (.*?) \| (.*?) \| (.+) \|$")


def sections_of(lang):
    text = (ROOT / "docs" / lang / "configuration.md").read_text(encoding="utf-8")
    parts = re.split(r"^## (.+)$", text, flags=re.MULTILINE)
    return {name: [match.groups() for line in body.splitlines() if (match := ROW.match(line))] for name, body in zip(parts[1::2], parts[2::2], strict=True)}


def shown(field, required, none):
    if field.required:
        return required
    default = field.default if field.default is not msgspec.NODEFAULT else field.default_factory()
    if default is None or default in ("", (), {}) or isinstance(default, msgspec.Struct):
        return none
    if isinstance(default, bool):
        return f"`{str(default).lower()}`"
    if isinstance(default, tuple):
        return f"`{list(default)}`"
    return f"`{default}`" if isinstance(default, int) else f'`"{default}"`'


def test_sections_are_the_schemas_tables():
    tables = {kind for kind in vars(schema).values() if isinstance(kind, type) and issubclass(kind, schema.Table)}
    assert tables - {schema.Table, schema.Config} == set(SECTIONS.values())


@pytest.mark.parametrize(("lang", "required", "none"), [("en", "required", "none"), ("zh", "必填", "无")])
def test_configuration_page_tells_each_key_and_its_default(lang, required, none):
    told = {name: [(key, default) for key, _, default, _ in rows] for name, rows in sections_of(lang).items()}
    assert told == {
        name: [(field.name, shown(field, required, none)) for field in msgspec.structs.fields(kind)] for name, kind in SECTIONS.items()
    }


def test_english_and_chinese_documents_have_the_same_names():
    pages = {lang: {path.name for path in (ROOT / "docs" / lang).glob("*.*")} for lang in ("en", "zh")}
    assert pages["en"] == pages["zh"]
