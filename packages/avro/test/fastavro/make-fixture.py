"""Makes fixture.json: what another implementation of Avro, Python's fastavro, writes and reads.

Run in a virtual environment with `pip install fastavro==1.13.1`:  python make-fixture.py > fixture.json

Each case has the Avro schema, the payload in stored JSON form, and the bytes. The cases of `resolved` have a reader's schema as well, and what fastavro reads with it.
"""

import base64
import datetime
import decimal
import io
import json
import uuid

import fastavro

UTC = datetime.timezone.utc
D = decimal.Decimal
EPOCH = datetime.datetime(1970, 1, 1, tzinfo=UTC)


def record(name, fields, **more):
    return {"type": "record", "name": name, **more, "fields": fields}


def field(name, of, **more):
    return {"name": name, "type": of, **more}


def enum(name, *symbols):
    return {"type": "enum", "name": name, "symbols": list(symbols), "default": symbols[0]}


AT = {"type": "long", "logicalType": "timestamp-millis"}
DAY = {"type": "int", "logicalType": "date"}
UUID = {"type": "string", "logicalType": "uuid"}


def decimal_of(precision, scale):
    return {"type": "bytes", "logicalType": "decimal", "precision": precision, "scale": scale}


MONEY = record("Money", [field("cents", "long"), field("currency", enum("Currency", "EUR", "USD"))])
CARD = record("PaidCard", [field("last4", "string")], tag={"paid": "card"})
TRANSFER = record("PaidTransfer", [field("iban", "string"), field("on", DAY)], tag={"paid": "transfer"})


def millis(*date):
    return datetime.datetime(*date, tzinfo=UTC)


def case(what, schema, *values):
    return {"what": what, "schema": schema, "values": values}


def one(of):
    nullable = isinstance(of, list) and of[0] == "null"
    return record("One", [field("a", of, **({"default": None} if nullable else {}))])


def ones(*values):
    return [{"a": value} for value in values]


CASES = [
    case("string", one("string"), *ones("", "Zoë", "日本語 😀", "x" * 70)),
    case("boolean", one("boolean"), *ones(True, False)),
    case("int", one("int"), *ones(0, -1, 63, 64, -65, 2**31 - 1, -(2**31))),
    case(
        "long",
        one("long"),
        *ones(0, -1, 2**31, 2**52 + 1, -(2**52 + 1), 2**53 - 1, 1 - 2**53, 2**53 + 1, 2**63 - 1, -(2**63)),
    ),
    case("double", one("double"), *ones(0.0, 1.5, -2.25, 1e300, 5e-324, 0.1)),
    case("bytes", one("bytes"), *ones(b"", b"\x00\xff\x80", bytes(range(200)))),
    case("uuid", one(UUID), *ones(uuid.UUID("01890a5d-ac96-774b-bcce-b302099a8057"))),
    case(
        "decimal",
        one(decimal_of(9, 2)),
        *ones(D("0.00"), D("12.50"), D("-0.01"), D("1.27"), D("1.28"), D("-1.27"), D("-1.29"), D("9999999.99")),
    ),
    case(
        "decimal of 38 digits",
        one(decimal_of(38, 9)),
        *ones(D("12345678901234567890123456789.123456789"), D("-99999999999999999999999999999.999999999")),
    ),
    case(
        "date",
        one(DAY),
        *ones(datetime.date(1970, 1, 1), datetime.date(2026, 11, 22), datetime.date(1, 1, 1), datetime.date(9999, 12, 31)),
    ),
    case(
        "timestamp-millis",
        one(AT),
        *ones(millis(1970, 1, 1), millis(2026, 11, 22, 1, 2, 3, 4000), millis(1969, 12, 31, 23, 59, 59, 999000), millis(1, 1, 1)),
    ),
    # fastavro takes a byte more than needed for the least number of a length, Java's BigInteger does not.
    case("decimal, a byte longer", one(decimal_of(9, 2)), *ones(D("-1.28"), D("-327.68"))),
    case("enum", one(enum("Currency", "EUR", "USD")), *ones("EUR", "USD")),
    case("array", one({"type": "array", "items": "long"}), *ones([], [1, -2, 2**60])),
    case("map", one({"type": "map", "values": "int"}), *ones({}, {"a": 1, "ß": -1})),
    case("nullable", one(["null", "string"]), *ones(None, "x")),
    case(
        "union",
        one([CARD, TRANSFER]),
        *ones(("PaidCard", {"last4": "4242"}), ("PaidTransfer", {"iban": "DE1", "on": datetime.date(2026, 11, 22)})),
    ),
    case("nullable union", one(["null", CARD, TRANSFER]), *ones(None, ("PaidCard", {"last4": "4242"}))),
    case(
        "records in records",
        record("Order", [field("total", MONEY), field("lines", {"type": "array", "items": "Money"})]),
        {"total": {"cents": 1250, "currency": "USD"}, "lines": [{"cents": -1, "currency": "EUR"}, {"cents": 2**53 - 1, "currency": "USD"}]},
    ),
]


def resolved(what, writer, reader, *values):
    return {"what": what, "writer": writer, "reader": reader, "values": values}


RESOLVED = [
    resolved("int as long", one("int"), one("long"), *ones(1, -(2**31))),
    resolved("int as double", one("int"), one("double"), *ones(1, -(2**31))),
    resolved("long as double", one("long"), one("double"), *ones(-5, 2**53 + 2, -(2**63))),
    resolved("string as bytes", one("string"), one("bytes"), *ones("Zoë")),
    resolved("bytes as string", one("bytes"), one("string"), *ones("Zoë".encode())),
    resolved("a symbol that the reader lacks", one(enum("E", "A", "B", "C")), one(enum("E", "A", "B")), *ones("B", "C")),
    resolved("a value as nullable", one("string"), one(["null", "string"]), *ones("x")),
    resolved(
        "a further branch",
        one([TRANSFER]),
        one([CARD, TRANSFER]),
        *ones(("PaidTransfer", {"iban": "DE1", "on": datetime.date(2026, 11, 22)})),
    ),
    resolved(
        "fields that came, went and moved",
        record("One", [field("gone", MONEY), field("a", "string"), field("b", {"type": "array", "items": "Money"})]),
        record(
            "One",
            [
                field("b", {"type": "array", "items": MONEY}),
                # fastavro leaves defaults of logical types as they stand in the schema, so there are none here.
                field("f", "long", default=-7),
                field("a", "string"),
            ],
        ),
        {"gone": {"cents": 1, "currency": "EUR"}, "a": "x", "b": [{"cents": 2, "currency": "USD"}]},
    ),
]


def stored(of, value, names):
    """The stored JSON form, a function of the Avro type alone."""
    if isinstance(of, str) and of in names:
        of = names[of]
    if isinstance(of, list):
        if value is None:
            return None
        name, inner = value if isinstance(value, tuple) else (None, value)
        for branch in of:
            if branch != "null" and (name is None or branch["name"] == name):
                return stored(branch, inner, names)
        raise ValueError("no such branch")
    kind = of if isinstance(of, str) else of.get("logicalType", of["type"])
    if kind == "record":
        names[of["name"]] = of
        tag = of.get("tag", {})
        return {**tag, **{one["name"]: stored(one["type"], value[one["name"]], names) for one in of["fields"]}}
    if kind == "array":
        return [stored(of["items"], item, names) for item in value]
    if kind == "map":
        return {key: stored(of["values"], value[key], names) for key in sorted(value)}
    if kind == "long":
        return str(value)
    if kind == "bytes":
        return base64.b64encode(value).decode()
    if kind == "decimal":
        return f"{value:.{of['scale']}f}"
    if kind == "uuid":
        return str(value)
    if kind == "date":
        return value.isoformat()
    if kind == "timestamp-millis":
        return value.strftime("%m-%dT%H:%M:%S.").join([f"{value.year:04}-", f"{value.microsecond // 1000:03}Z"])
    return value


def written(schema, value):
    out = io.BytesIO()
    fastavro.schemaless_writer(out, fastavro.parse_schema(schema), value)
    return out.getvalue()


def read(writer, reader, data):
    return fastavro.schemaless_reader(
        io.BytesIO(data), fastavro.parse_schema(writer), fastavro.parse_schema(reader), return_record_name=True
    )


def copy(schema):
    return json.loads(json.dumps(schema))


with decimal.localcontext() as context:
    context.prec = 60
    fixture = {
        "fastavro": fastavro.__version__,
        "cases": [
            {
                "what": one_case["what"],
                "schema": one_case["schema"],
                "values": [
                    {"payload": stored(one_case["schema"], value, {}), "hex": written(copy(one_case["schema"]), value).hex()}
                    for value in one_case["values"]
                ],
            }
            for one_case in CASES
        ],
        "resolved": [
            {
                "what": pair["what"],
                "writer": pair["writer"],
                "reader": pair["reader"],
                "values": [
                    {
                        "payload": stored(pair["writer"], value, {}),
                        "hex": (data := written(copy(pair["writer"]), value)).hex(),
                        "read": stored(pair["reader"], read(copy(pair["writer"]), copy(pair["reader"]), data), {}),
                    }
                    for value in pair["values"]
                ],
            }
            for pair in RESOLVED
        ],
    }
print(json.dumps(fixture, ensure_ascii=False, indent=2))
