internal import CLibPQ

/// What a statement returned. Values are read from libpq's own memory, which is kept as long as this lives.
package struct PostgresRows: Sendable {
    private let result: LibPQResult
    private let operation: String

    init(_ result: LibPQResult, operation: String) {
        self.result = result
        self.operation = operation
    }

    /// How many rows there are.
    package var count: Int { Int(PQntuples(result.raw)) }

    /// Reads every row.
    package func map<Value>(
        _ read: (PostgresRow) throws(PostgresError) -> Value
    ) throws(PostgresError) -> [Value] {
        var values: [Value] = []
        values.reserveCapacity(count)
        for index in 0..<count { values.append(try read(row(index))) }
        return values
    }

    /// The first row, `nil` when there is none.
    package var first: PostgresRow? { count > 0 ? row(0) : nil }

    private func row(_ index: Int) -> PostgresRow {
        PostgresRow(result: result, index: Int32(index), operation: operation)
    }
}

/// One row. Columns are read by their number, as the type they are expected to have.
package struct PostgresRow: Sendable {
    fileprivate let result: LibPQResult
    fileprivate let index: Int32
    fileprivate let operation: String

    /// An integer of any width.
    package func int(_ column: Int) throws(PostgresError) -> Int64 { try wanted(optionalInt(column), column) }

    /// An integer of any width, or NULL.
    package func optionalInt(_ column: Int) throws(PostgresError) -> Int64? {
        guard let bytes = bytes(column) else { return nil }
        switch bytes.count {
        case 2: return Int64(Int16(bitPattern: UInt16(Self.number(bytes))))
        case 4: return Int64(Int32(bitPattern: UInt32(Self.number(bytes))))
        case 8: return Int64(bitPattern: Self.number(bytes))
        default: throw unexpected(column)
        }
    }

    /// A double, or NULL.
    package func optionalDouble(_ column: Int) throws(PostgresError) -> Double? {
        guard let bytes = bytes(column) else { return nil }
        guard bytes.count == 8 else { throw unexpected(column) }
        return Double(bitPattern: Self.number(bytes))
    }

    /// A boolean.
    package func bool(_ column: Int) throws(PostgresError) -> Bool {
        guard let bytes = bytes(column), bytes.count == 1 else { throw unexpected(column) }
        return bytes[0] != 0
    }

    /// A text.
    package func text(_ column: Int) throws(PostgresError) -> String { try wanted(optionalText(column), column) }

    /// A text, or NULL.
    package func optionalText(_ column: Int) -> String? { bytes(column).map { String(decoding: $0, as: UTF8.self) } }

    /// A UUID.
    package func uuid(_ column: Int) throws(PostgresError) -> UUIDBytes {
        guard let bytes = bytes(column), let value = UUIDBytes(wire: bytes) else { throw unexpected(column) }
        return value
    }

    /// Valid while `result` lives, which this row sees to.
    private func bytes(_ column: Int) -> UnsafeBufferPointer<UInt8>? {
        let column = Int32(column)
        guard PQgetisnull(result.raw, index, column) == 0, let start = PQgetvalue(result.raw, index, column) else {
            return nil
        }
        let count = Int(PQgetlength(result.raw, index, column))
        return UnsafeRawBufferPointer(start: start, count: count).bindMemory(to: UInt8.self)
    }

    private func wanted<Value>(_ value: Value?, _ column: Int) throws(PostgresError) -> Value {
        guard let value else { throw unexpected(column) }
        return value
    }

    private func unexpected(_ column: Int) -> PostgresError {
        PostgresError(.decoding, "column \(column) is not as expected", operation: operation)
    }

    private static func number(_ bytes: UnsafeBufferPointer<UInt8>) -> UInt64 {
        bytes.reduce(0) { $0 << 8 | UInt64($1) }
    }
}

/// One `PGresult`, freed with the last who holds it.
final class LibPQResult: @unchecked Sendable {
    // Safe to share: nobody writes to a result once libpq has handed it over.
    let raw: OpaquePointer

    init(_ raw: OpaquePointer) { self.raw = raw }

    deinit { PQclear(raw) }
}
