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

    /// Adds the value as the server reads it; returns false, and adds nothing, for NULL.
    func append(to bytes: inout [UInt8]) -> Bool {
        switch self {
        case .int(let value): return Self.append(value, to: &bytes) { $1.append(bigEndian: $0) }
        case .double(let value): return Self.append(value, to: &bytes) { $1.append(bigEndian: $0.bitPattern) }
        case .bool(let value): bytes.append(value ? 1 : 0)
        case .text(let value): return Self.append(value, to: &bytes) { $1.append(contentsOf: $0.utf8) }
        case .uuid(let value): value.append(to: &bytes)
        case .ints(let values): Self.append(values, of: 20, 8, to: &bytes) { $1.append(bigEndian: $0) }
        case .doubles(let values): Self.append(values, of: 701, 8, to: &bytes) { $1.append(bigEndian: $0.bitPattern) }
        case .bools(let values): Self.append(values, of: 16, 1, to: &bytes) { $1.append($0 ? 1 : 0) }
        case .texts(let values): Self.append(values, of: 25, 16, to: &bytes) { $1.append(contentsOf: $0.utf8) }
        case .uuids(let values): Self.append(values, of: 2950, 16, to: &bytes) { $0.append(to: &$1) }
        }
        return true
    }

    private static func append<Value>(
        _ value: Value?, to bytes: inout [UInt8], _ encode: (Value, inout [UInt8]) -> Void
    ) -> Bool {
        guard let value else { return false }
        encode(value, &bytes)
        return true
    }

    /// An array of one dimension: dimensions, whether there are NULLs, the type, the length, the first index, the values.
    /// `size` is what a value is expected to take.
    private static func append<Value>(
        _ values: [Value?], of type: Int32, _ size: Int, to bytes: inout [UInt8],
        _ encode: (Value, inout [UInt8]) -> Void
    ) {
        // More than what is needed now, or many arrays in turn would copy what there is each time.
        let needed = bytes.count + 20 + values.count * (4 + size)
        if needed > bytes.capacity { bytes.reserveCapacity(max(needed, 2 * bytes.capacity)) }
        for number in [values.isEmpty ? 0 : 1, values.contains { $0 == nil } ? 1 : 0, type] {
            bytes.append(bigEndian: Int32(number))
        }
        guard !values.isEmpty else { return }
        bytes.append(bigEndian: Int32(values.count))
        bytes.append(bigEndian: Int32(1))
        for value in values {
            let start = bytes.count
            bytes.append(bigEndian: Int32(-1))
            guard let value else { continue }
            encode(value, &bytes)
            // The length is known once the value is there.
            let length = UInt32(bytes.count - start - 4)
            for index in 0..<4 { bytes[start + index] = UInt8(truncatingIfNeeded: length >> UInt32(24 - 8 * index)) }
        }
    }
}

extension [UInt8] {
    /// Adds a number as it goes over the wire.
    fileprivate mutating func append(bigEndian value: some FixedWidthInteger) {
        Swift.withUnsafeBytes(of: value.bigEndian) { append(contentsOf: $0) }
    }
}
