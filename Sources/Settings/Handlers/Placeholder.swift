import TaskModel

/// The places of parameters in a text: `{{name}}`. What stands there is never looked at again, and never by a shell.
enum Placeholder {
    /// A part of a text.
    enum Piece: Equatable {
        case literal(String)
        case parameter(String)
    }

    /// The parts of a text, in order; `{{{{` stands for two braces.
    static func pieces(of text: String) throws(ValueMistake) -> [Piece] {
        var pieces: [Piece] = []
        var literal = ""
        var rest = text[...]
        while let start = rest.firstRange(of: "{{") {
            literal += rest[..<start.lowerBound]
            rest = rest[start.upperBound...]
            if rest.hasPrefix("{{") {
                literal += "{{"
                rest = rest.dropFirst(2)
                continue
            }
            guard let end = rest.firstRange(of: "}}") else { throw unclear }
            let name = String(rest[..<end.lowerBound].filter { $0 != " " })
            guard isName(name) else { throw unclear }
            if !literal.isEmpty { pieces.append(.literal(literal)) }
            literal = ""
            pieces.append(.parameter(name))
            rest = rest[end.upperBound...]
        }
        literal += rest
        if !literal.isEmpty || pieces.isEmpty { pieces.append(.literal(literal)) }
        return pieces
    }

    /// A text with values in the places of parameters. Numbers and truth values that stand alone are what they are.
    static func fill(_ scalar: YAMLScalar, _ values: [String: ParameterValue]) -> YAMLScalar {
        guard scalar.text.contains("{{"), let pieces = try? pieces(of: scalar.text) else { return scalar }
        if case .parameter(let name)? = pieces.first, pieces.count == 1, let value = values[name] {
            if case .string(let text) = value { return YAMLScalar(text: text, isPlain: false) }
            return YAMLScalar(text: value.text, isPlain: true)
        }
        let text = pieces.map { piece in
            switch piece {
            case .literal(let text): text
            case .parameter(let name): values[name]?.text ?? ""
            }
        }
        return YAMLScalar(text: text.joined(), isPlain: false)
    }

    /// Whether a text can be the name of a parameter.
    static func isName(_ text: String) -> Bool {
        guard let first = text.utf8.first, !(UInt8(ascii: "0")...UInt8(ascii: "9") ~= first) else { return false }
        return text.utf8.allSatisfy { byte in
            UInt8(ascii: "a")...UInt8(ascii: "z") ~= byte || UInt8(ascii: "A")...UInt8(ascii: "Z") ~= byte
                || UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte || byte == UInt8(ascii: "_")
        }
    }

    private static let unclear = ValueMistake(
        "has {{ that begins no parameter", hint: "write {{name}}, or {{{{ for two braces")
}

extension YAMLNode {
    /// Each scalar in the place of another, with its path as problems tell it. Keys stay what they are.
    func mapScalars(path: String, _ transform: (YAMLNode, YAMLScalar, String) -> YAMLNode) -> YAMLNode {
        switch content {
        case .scalar(let scalar): transform(self, scalar, path)
        case .sequence(let items):
            YAMLNode(
                .sequence(items.enumerated().map { $1.mapScalars(path: "\(path)[\($0)]", transform) }), at: mark)
        case .mapping(let entries):
            YAMLNode(
                .mapping(
                    entries.map { entry in
                        var entry = entry
                        entry.value = entry.value.mapScalars(path: "\(path).\(entry.key.shortened)", transform)
                        return entry
                    }), at: mark)
        }
    }

    /// The same at another place of a file, all of it.
    func moved(to mark: YAMLMark) -> YAMLNode {
        switch content {
        case .scalar: YAMLNode(content, at: mark)
        case .sequence(let items): YAMLNode(.sequence(items.map { $0.moved(to: mark) }), at: mark)
        case .mapping(let entries):
            YAMLNode(
                .mapping(entries.map { YAMLEntry(key: $0.key, keyMark: mark, value: $0.value.moved(to: mark)) }),
                at: mark)
        }
    }
}
