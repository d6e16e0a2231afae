import PostgreSQL
import Testing

@testable import TaskStore

@Suite("PostgreSQL: stored values")
struct PostgresStoredValueTests {
    @Test(arguments: [
        ("", "00000000-0000-0000-0000-000000000000", "ffffffff-ffff-ffff-ffff-ffffffffffff"),
        ("0190AB", "0190ab00-0000-0000-0000-000000000000", "0190abff-ffff-ffff-ffff-ffffffffffff"),
        ("0190abcd-", "0190abcd-0000-0000-0000-000000000000", "0190abcd-ffff-ffff-ffff-ffffffffffff"),
        (
            "0190abcd-0000-7000-8000-00000000000a", "0190abcd-0000-7000-8000-00000000000a",
            "0190abcd-0000-7000-8000-00000000000a"
        ),
    ])
    func aPrefixIsARangeOfIDs(prefix: String, first: String, last: String) throws {
        let range = try #require(UUIDPrefix(prefix))
        #expect(range.first.text == first)
        #expect(range.last.text == last)
    }

    @Test(arguments: ["g", "0190abcd0", "0190abcd-0000-7000-8000-00000000000a0", "%", "é", "\0"])
    func whatNoIDBeginsWithHasNoRange(prefix: String) { #expect(UUIDPrefix(prefix) == nil) }

    @Test func ranksAscendAsPrioritiesDescend() {
        let ranks = [Int.max, 10, 1, 0, -1, Int.min].map(PostgresRank.of(priority:))
        #expect(ranks == ranks.sorted())
        #expect(Set(ranks).count == ranks.count)
    }

    @Test(arguments: [
        ("42501", StoreError.Code.permissionDenied), ("28P01", .permissionDenied), ("25006", .readOnly),
        ("53100", .full), ("40P01", .busy), ("57014", .busy), ("57P01", .unavailable), ("53300", .unavailable),
        ("08006", .unavailable), ("58030", .io), ("XX001", .corrupt), ("42601", .internal), ("", .internal),
    ])
    func theServersCodesHaveAMeaning(sqlState: String, code: StoreError.Code) {
        #expect(StoreError.code(sqlState: sqlState) == code)
    }
}
