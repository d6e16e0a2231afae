/// One value of a YAML or JSON document, with the place it was written at.
package struct YAMLNode: Sendable, Equatable {
    /// The value.
    package var content: YAMLContent
    /// Where it begins.
    package var mark: YAMLMark

    /// Makes a node; without a mark it stands for a value that was not read from a file.
    package init(_ content: YAMLContent, at mark: YAMLMark = YAMLMark(line: 1, column: 1)) {
        self.content = content
        self.mark = mark
    }
}

/// The three kinds of value.
package enum YAMLContent: Sendable, Equatable {
    /// Text; whether it is a number, a truth value or nothing is for the reader to decide.
    case scalar(YAMLScalar)
    /// A list.
    case sequence([YAMLNode])
    /// Keys and values in the order they were written; no key appears twice.
    case mapping([YAMLEntry])
}

/// The text of a scalar.
package struct YAMLScalar: Sendable, Equatable {
    /// The text without quotes and escapes.
    package var text: String
    /// Whether it was written without quotes, so that it may mean a number, a truth value or nothing.
    package var isPlain: Bool

    /// Makes a scalar.
    package init(text: String, isPlain: Bool) {
        self.text = text
        self.isPlain = isPlain
    }
}

/// One key of a mapping and its value.
package struct YAMLEntry: Sendable, Equatable {
    /// The key.
    package var key: String
    /// Where the key begins.
    package var keyMark: YAMLMark
    /// The value.
    package var value: YAMLNode

    /// Makes an entry; without a mark it stands for one that was not read from a file.
    package init(key: String, keyMark: YAMLMark = YAMLMark(line: 1, column: 1), value: YAMLNode) {
        self.key = key
        self.keyMark = keyMark
        self.value = value
    }
}

/// A place in a text, counted from 1; columns count Unicode scalars.
package struct YAMLMark: Sendable, Hashable {
    /// The line.
    package var line: Int
    /// The column.
    package var column: Int

    /// Makes a place.
    package init(line: Int, column: Int) {
        self.line = line
        self.column = column
    }
}

extension YAMLNode {
    /// A scalar without quotes, to be written.
    package static func plain(_ text: String) -> YAMLNode { YAMLNode(.scalar(YAMLScalar(text: text, isPlain: true))) }

    /// Text that stays text, to be written.
    package static func text(_ text: String) -> YAMLNode { YAMLNode(.scalar(YAMLScalar(text: text, isPlain: false))) }

    /// A list, to be written.
    package static func list(_ items: [YAMLNode]) -> YAMLNode { YAMLNode(.sequence(items)) }

    /// A mapping, to be written.
    package static func map(_ pairs: [(String, YAMLNode)]) -> YAMLNode {
        YAMLNode(.mapping(pairs.map { YAMLEntry(key: $0.0, value: $0.1) }))
    }

    /// Whether it is nothing: `~`, `null` or no text at all, without quotes.
    package var isNull: Bool {
        guard case .scalar(let scalar) = content, scalar.isPlain else { return false }
        return ["", "~", "null", "Null", "NULL"].contains(scalar.text)
    }
}
