/// A parameter of a statement, with the type it is sent as. Everything goes in binary form, so nothing is quoted.
package enum PostgresValue: Sendable, Equatable {
    case int(Int64?)
    case double(Double?)
    case bool(Bool)
    /// No NUL may be in it: the server has no text with one.
    case text(String?)
    case uuid(UUIDBytes)
    case ints([Int64?])
    case doubles([Double?])
    case bools([Bool])
    case texts([String?])
    case uuids([UUIDBytes])

    /// The server's number of the type.
    var type: UInt32 {
        switch self {
        case .int: 20
        case .double: 701
        case .bool: 16
        case .text: 25
        case .uuid: 2950
        case .ints: 1016
        case .doubles: 1022
        case .bools: 1000
        case .texts: 1009
        case .uuids: 2951
        }
    }

    /// The value as the server reads it; `nil` for NULL.
    var bytes: [UInt8]? {
        switch self {
        case .int(let value): value.map { $0.bigEndianBytes }
        case .double(let value): value.map { Int64(bitPattern: $0.bitPattern).bigEndianBytes }
        case .bool(let value): [value ? 1 : 0]
        case .text(let value): value.map { Array($0.utf8) }
        case .uuid(let value): value.bytes
        case .ints(let values): Self.array(of: 20, values) { $0.bigEndianBytes }
        case .doubles(let values): Self.array(of: 701, values) { Int64(bitPattern: $0.bitPattern).bigEndianBytes }
        case .bools(let values): Self.array(of: 16, values) { [$0 ? 1 : 0] }
        case .texts(let values): Self.array(of: 25, values) { Array($0.utf8) }
        case .uuids(let values): Self.array(of: 2950, values) { $0.bytes }
        }
    }

    /// An array of one dimension: dimensions, whether there are NULLs, the type, the length, the first index, the values.
    private static func array<Value>(
        of type: Int32, _ values: [Value?], _ encode: (Value) -> [UInt8]
    ) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(20 + values.count * 12)
        for number in [values.isEmpty ? 0 : 1, values.contains { $0 == nil } ? 1 : 0, type] {
            bytes += Int32(number).bigEndianBytes
        }
        guard !values.isEmpty else { return bytes }
        bytes += Int32(values.count).bigEndianBytes + Int32(1).bigEndianBytes
        for value in values {
            guard let value else {
                bytes += Int32(-1).bigEndianBytes
                continue
            }
            let one = encode(value)
            bytes += Int32(one.count).bigEndianBytes
            bytes += one
        }
        return bytes
    }
}

extension FixedWidthInteger {
    /// The value as it goes over the wire.
    var bigEndianBytes: [UInt8] { withUnsafeBytes(of: bigEndian) { Array($0) } }
}
