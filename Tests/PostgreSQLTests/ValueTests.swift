import PostgreSQL
import Testing

@Suite("PostgreSQL: values", .timeLimit(.minutes(3)))
struct ValueTests {
    @Test func numbersAndTextsComeBackAsTheyWere() async throws {
        try await TestServer.withConnection { connection in
            for number in [0, -1, .min, .max, 1 << 40] as [Int64] {
                let row = try #require(try await connection.one("SELECT $1", [.int(number)]).first)
                #expect(try row.int(0) == number)
            }
            for number in [0, -1.5, .infinity, Double.leastNonzeroMagnitude, 1e308] {
                let row = try #require(try await connection.one("SELECT $1", [.double(number)]).first)
                #expect(try row.optionalDouble(0) == number)
            }
            for text in ["", "a", "'; DROP TABLE x; --", "übung 🛰 e\u{301}", String(repeating: "ä", count: 1 << 20)] {
                let row = try #require(try await connection.one("SELECT $1", [.text(text)]).first)
                #expect(try row.text(0) == text)
            }
            let id = try #require(UUIDBytes("0190AbCd-ffff-7000-8000-0123456789aF"))
            let row = try #require(
                try await connection.one(
                    "SELECT $1, $2, $3, $4, 7::smallint, 8::int", [.uuid(id), .bool(true), .text(nil), .int(nil)]
                ).first)
            #expect(try row.uuid(0).text == "0190abcd-ffff-7000-8000-0123456789af")
            #expect(try row.bool(1))
            #expect(row.optionalText(2) == nil)
            #expect(try row.optionalInt(3) == nil)
            #expect(try row.int(4) == 7)
            #expect(try row.int(5) == 8)
        }
    }

    @Test func arraysBecomeRows() async throws {
        try await TestServer.withConnection { connection in
            let id = try #require(UUIDBytes("0190abcd-ffff-7000-8000-0123456789af"))
            let rows = try await connection.one(
                "SELECT * FROM unnest($1::bigint[], $2::text[], $3::float8[], $4::boolean[], $5::uuid[])",
                [
                    .ints([1, nil]), .texts([nil, "b"]), .doubles([nil, 2.5]), .bools([true, false]), .uuids([id, id]),
                ])
            #expect(rows.count == 2)
            let column1 = try rows.map { row throws(PostgresError) in try row.optionalInt(0) }
            #expect(column1 == [1, nil])
            let column2 = try rows.map { row throws(PostgresError) in row.optionalText(1) }
            #expect(column2 == [nil, "b"])
            let column3 = try rows.map { row throws(PostgresError) in try row.optionalDouble(2) }
            #expect(column3 == [nil, 2.5])
            let column4 = try rows.map { row throws(PostgresError) in try row.bool(3) }
            #expect(column4 == [true, false])
            let column5 = try rows.map { row throws(PostgresError) in try row.uuid(4) }
            #expect(column5 == [id, id])
            #expect(try await connection.one("SELECT * FROM unnest($1::text[])", [.texts([])]).count == 0)
        }
    }

    @Test(arguments: [
        "", "x", "0190abcd-ffff-7000-8000-0123456789a", "0190abcd-ffff-7000-8000-0123456789afa",
        "0190abcdaffff-7000-8000-0123456789af", "0190abcg-ffff-7000-8000-0123456789af",
        "0190abcd-ffff-7000-8000-01234567é9", "\0190abcd-ffff-7000-8000-0123456789af",
    ])
    func whatIsNoUUIDIsRefused(_ text: String) { #expect(UUIDBytes(text) == nil) }

    @Test func aColumnOfAnotherTypeIsAnError() async throws {
        try await TestServer.withConnection { connection in
            let row = try #require(try await connection.one("SELECT 'x'::text, NULL::text").first)
            #expect(throws: PostgresError.self) { try row.int(0) }
            #expect(throws: PostgresError.self) { try row.uuid(0) }
            #expect(throws: PostgresError.self) { try row.text(1) }
        }
    }
}
