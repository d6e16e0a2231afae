/// Header fields in the order of the wire. Names compare without regard to case.
package struct HTTPHeaders: Sendable, Equatable, ExpressibleByDictionaryLiteral {
    /// One line of a head.
    package struct Field: Sendable, Equatable {
        /// As it was sent or received.
        package let name: String
        /// Without surrounding white space.
        package let value: String
    }

    /// All lines.
    package private(set) var fields: [Field] = []

    /// No headers.
    package init() {}

    package init(dictionaryLiteral elements: (String, String)...) {
        for (name, value) in elements { append(name, value) }
    }

    /// Adds a line.
    package mutating func append(_ name: String, _ value: String) {
        fields.append(Field(name: name, value: value))
    }

    /// The value of the first line with that name.
    package subscript(name: String) -> String? {
        let wanted = name.lowercased()
        return fields.first { $0.name.lowercased() == wanted }?.value
    }

    /// Reads one line of a head, `Name: value`; a line without a colon is left out.
    mutating func append(line: Substring) {
        guard let colon = line.firstIndex(of: ":") else { return }
        append(String(line[..<colon]), String(line[line.index(after: colon)...].trimmingSpaces()))
    }
}

extension Substring {
    /// Without the white space of HTTP and line ends at both sides.
    func trimmingSpaces() -> Substring {
        var text = self
        while let last = text.last, last == " " || last == "\t" || last.isNewline { text.removeLast() }
        while let first = text.first, first == " " || first == "\t" { text.removeFirst() }
        return text
    }
}
