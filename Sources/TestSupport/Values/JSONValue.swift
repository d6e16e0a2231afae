package import Foundation

/// Any JSON, for looking at answers from outside without the product's own types.
///
/// A member that is not there reads as `null`, so a path can be followed without unwrapping; `keys` tells the two apart.
package enum JSONValue: Sendable, Equatable, Codable {
    case null
    case bool(Bool)
    case number(Double)
    case string(String)
    case array([JSONValue])
    case object([String: JSONValue])

    /// Parses text.
    ///
    /// - Throws: `NotJSON` with the text.
    package init(parsing bytes: some Sequence<UInt8>) throws {
        let data = Data(bytes)
        do {
            self = try JSONDecoder().decode(JSONValue.self, from: data)
        } catch {
            throw NotJSON(text: String(decoding: data.prefix(2000), as: UTF8.self))
        }
    }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if container.decodeNil() {
            self = .null
        } else if let value = try? container.decode(Bool.self) {
            self = .bool(value)
        } else if let value = try? container.decode(Double.self) {
            self = .number(value)
        } else if let value = try? container.decode(String.self) {
            self = .string(value)
        } else if let value = try? container.decode([JSONValue].self) {
            self = .array(value)
        } else {
            self = .object(try container.decode([String: JSONValue].self))
        }
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        switch self {
        case .null: try container.encodeNil()
        case .bool(let value): try container.encode(value)
        case .number(let value):
            if let whole = Int(exactly: value) { try container.encode(whole) } else { try container.encode(value) }
        case .string(let value): try container.encode(value)
        case .array(let value): try container.encode(value)
        case .object(let value): try container.encode(value)
        }
    }

    /// The text with sorted keys.
    package func encoded() throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(self), as: UTF8.self)
    }
}

/// Text that should have been JSON.
package struct NotJSON: Error, CustomStringConvertible {
    /// The text, cut at 2,000 bytes.
    package let text: String

    package var description: String { "not JSON: \(text)" }
}

extension JSONValue {
    /// A member of an object; `null` when there is none.
    package subscript(key: String) -> JSONValue {
        if case .object(let members) = self { members[key] ?? .null } else { .null }
    }

    /// An element of an array; `null` when there is none.
    package subscript(index: Int) -> JSONValue {
        if case .array(let elements) = self, elements.indices.contains(index) { elements[index] } else { .null }
    }

    /// The names of an object's members, sorted.
    package var keys: [String] { if case .object(let members) = self { members.keys.sorted() } else { [] } }

    /// The elements of an array; none for anything else.
    package var elements: [JSONValue] { if case .array(let elements) = self { elements } else { [] } }

    /// The members of an object; none for anything else.
    package var members: [String: JSONValue] { if case .object(let members) = self { members } else { [:] } }

    /// The text of a string.
    package var string: String? { if case .string(let value) = self { value } else { nil } }

    /// A number without a fraction.
    package var int: Int? { if case .number(let value) = self { Int(exactly: value) } else { nil } }

    /// A number.
    package var double: Double? { if case .number(let value) = self { value } else { nil } }

    /// A truth value.
    package var bool: Bool? { if case .bool(let value) = self { value } else { nil } }

    /// A time in ISO 8601, with or without fractions of a second.
    package var date: Date? {
        guard let string else { return nil }
        return (try? Date.ISO8601FormatStyle(includingFractionalSeconds: true).parse(string))
            ?? (try? Date.ISO8601FormatStyle().parse(string))
    }

    package static func == (json: JSONValue, text: String) -> Bool { json.string == text }
    package static func == (json: JSONValue, number: Int) -> Bool { json.int == number }
    package static func == (json: JSONValue, flag: Bool) -> Bool { json.bool == flag }
}

extension JSONValue: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral, ExpressibleByFloatLiteral,
    ExpressibleByBooleanLiteral, ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral
{
    package init(stringLiteral value: String) { self = .string(value) }
    package init(integerLiteral value: Int) { self = .number(Double(value)) }
    package init(floatLiteral value: Double) { self = .number(value) }
    package init(booleanLiteral value: Bool) { self = .bool(value) }
    package init(arrayLiteral elements: JSONValue...) { self = .array(elements) }
    package init(dictionaryLiteral members: (String, JSONValue)...) {
        self = .object(Dictionary(members) { _, last in last })
    }
}
