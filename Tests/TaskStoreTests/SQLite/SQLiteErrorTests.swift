import GRDB
import Testing

@testable import TaskStore

@Suite("SQLite error codes")
struct SQLiteErrorTests {
    @Test(arguments: [
        (ResultCode.SQLITE_BUSY, StoreError.Code.busy), (.SQLITE_BUSY_SNAPSHOT, .busy), (.SQLITE_LOCKED, .busy),
        (.SQLITE_PROTOCOL, .busy), (.SQLITE_FULL, .full), (.SQLITE_IOERR_SHMSIZE, .full), (.SQLITE_IOERR_READ, .io),
        (.SQLITE_CANTOPEN, .io), (.SQLITE_CORRUPT_INDEX, .corrupt), (.SQLITE_NOTADB, .notADatabase),
        (.SQLITE_READONLY_DIRECTORY, .readOnly), (.SQLITE_PERM, .permissionDenied),
        (.SQLITE_IOERR_ACCESS, .permissionDenied), (.SQLITE_MISUSE, .closed), (.SQLITE_CONSTRAINT_UNIQUE, .internal),
    ])
    func areTranslated(_ row: (result: ResultCode, code: StoreError.Code)) {
        let error = StoreError(DatabaseError(resultCode: row.result, message: "m"), operation: "claim")
        #expect(error.code == row.code)
        #expect(error.sqliteCode == row.result.rawValue)
        #expect(error.operation == "claim")
    }

    @Test func theTextHoldsNoValuesOfTheStatement() {
        let cause = DatabaseError(
            resultCode: .SQLITE_FULL, message: "disk is full", sql: "INSERT INTO task VALUES (?)", arguments: ["secret"]
        )
        let error = StoreError(cause, operation: "submit")
        #expect(error.description == "submit: disk is full (SQLite 13); free some disk space")
    }

    @Test func codesAreSnakeCase() {
        for code in StoreError.Code.allCases {
            #expect(code.rawValue.utf8.allSatisfy { "abcdefghijklmnopqrstuvwxyz_".utf8.contains($0) })
        }
    }
}
