/// Writes nodes as YAML text that reads back as the same nodes.
package enum YAMLWriter {
    /// A value on one line, in flow style.
    package static func inline(_ node: YAMLNode) -> String {
        switch node.content {
        case .scalar(let scalar): scalar.isPlain ? scalar.text : quoted(scalar.text)
        case .sequence(let items): "[" + items.map(inline).joined(separator: ", ") + "]"
        case .mapping(let entries):
            "{" + entries.map { "\(key($0.key)): \(inline($0.value))" }.joined(separator: ", ") + "}"
        }
    }

    /// The longest line that a mapping in a mapping is written on.
    private static let longestLine = 100

    /// A key and its value as lines; lists and mappings that are not empty take a line an item, and mappings in a mapping
    /// too where one line would be long.
    ///
    /// - Parameters:
    ///   - name: the key.
    ///   - node: the value.
    ///   - indent: spaces before the key.
    ///   - comment: what follows `#` on the first line; must have no line break.
    package static func lines(_ name: String, _ node: YAMLNode, indent: Int, comment: String? = nil) -> [String] {
        let start = String(repeating: " ", count: indent) + key(name) + ":"
        let end = comment.map { "  # \($0)" } ?? ""
        let inner = String(repeating: " ", count: indent + 2)
        switch node.content {
        case .sequence(let items) where !items.isEmpty:
            return [start + end] + items.map { "\(inner)- \(inline($0))" }
        case .mapping(let entries) where !entries.isEmpty:
            return [start + end]
                + entries.flatMap { entry in
                    let line = "\(inner)\(key(entry.key)): \(inline(entry.value))"
                    guard case .mapping = entry.value.content, line.count > longestLine else { return [line] }
                    return lines(entry.key, entry.value, indent: indent + 2)
                }
        default:
            return ["\(start) \(inline(node))\(end)"]
        }
    }

    private static func key(_ text: String) -> String {
        let isWord = text.utf8.allSatisfy { byte in
            UInt8(ascii: "a")...UInt8(ascii: "z") ~= byte || UInt8(ascii: "A")...UInt8(ascii: "Z") ~= byte
                || UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte || byte == UInt8(ascii: "_")
                || byte == UInt8(ascii: "-")
        }
        return isWord && !text.isEmpty && !text.hasPrefix("-") ? text : quoted(text)
    }

    private static func quoted(_ text: String) -> String {
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": result += "\\\""
            case "\\": result += "\\\\"
            case "\n": result += "\\n"
            case "\t": result += "\\t"
            case "\r": result += "\\r"
            // What YAML takes for a line break or does not print: escaped, so that it survives.
            case _ where scalar.value < 0x20 || 0x7F...0xA0 ~= scalar.value: result += escape(scalar, digits: 2, "x")
            case "\u{2028}", "\u{2029}", "\u{FEFF}", "\u{FFFE}", "\u{FFFF}": result += escape(scalar, digits: 4, "u")
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result + "\""
    }

    private static func escape(_ scalar: Unicode.Scalar, digits: Int, _ letter: Character) -> String {
        let hex = String(scalar.value, radix: 16)
        return "\\\(letter)" + String(repeating: "0", count: digits - hex.count) + hex
    }
}
