package import Foundation

/// JSON as everything of `acode` prints and sends it: sorted keys, camelCase, ISO 8601 times with milliseconds.
package enum StableJSON {
    /// The bytes of a value; on several lines for people who read it in a terminal, or on one.
    ///
    /// - Throws: what `JSONEncoder` throws, for numbers JSON has no form for.
    package static func encode(_ value: some Encodable, isPretty: Bool = false) throws -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        if isPretty { encoder.outputFormatting.insert(.prettyPrinted) }
        encoder.dateEncodingStrategy = .custom { date, encoder in
            var container = encoder.singleValueContainer()
            try container.encode(text(of: date))
        }
        return [UInt8](try encoder.encode(value))
    }

    /// The value in bytes that `encode` made.
    ///
    /// - Throws: `DecodingError`.
    package static func decode<Value: Decodable>(_ type: Value.Type, from bytes: [UInt8]) throws -> Value {
        let decoder = JSONDecoder()
        decoder.dateDecodingStrategy = .custom { decoder in
            let container = try decoder.singleValueContainer()
            let text = try container.decode(String.self)
            guard let date = try? Date(text, strategy: style) else {
                throw DecodingError.dataCorruptedError(in: container, debugDescription: "not an ISO 8601 time")
            }
            return date
        }
        return try decoder.decode(type, from: Data(bytes))
    }

    /// A time as it appears in JSON: `2026-11-21T06:12:48.123Z`.
    package static func text(of date: Date) -> String {
        // The style cuts digits off; half of the last one makes that rounding, so that what was read is written again.
        date.addingTimeInterval(0.0005).formatted(style)
    }

    private static let style = Date.ISO8601FormatStyle(includingFractionalSeconds: true)
}
