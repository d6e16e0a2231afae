/// How a value is read from a node and written as one: the one place that knows what the value may be.
package struct ValueFormat<Value>: Sendable {
    /// What is expected, to follow "expected": "a whole number from 1 to 256".
    package let expected: String
    /// Which kind of node it is written as.
    package let shape: ValueShape
    /// Reads the node found at a path; `nil` means that what is wrong was added to the problems.
    package let decode: @Sendable (YAMLNode, String, inout ProblemCollector) -> Value?
    /// Writes a value; reading it back gives the same value.
    package let encode: @Sendable (Value) -> YAMLNode

    /// Makes a format of its parts.
    package init(
        expected: String, shape: ValueShape,
        decode: @escaping @Sendable (YAMLNode, String, inout ProblemCollector) -> Value?,
        encode: @escaping @Sendable (Value) -> YAMLNode
    ) {
        self.expected = expected
        self.shape = shape
        self.decode = decode
        self.encode = encode
    }

    /// A format of values written as one scalar.
    ///
    /// - Parameters:
    ///   - expected: what is expected.
    ///   - parse: reads the scalar, or throws what is wrong with it.
    ///   - encode: writes a value.
    package static func scalar(
        expected: String, parse: @escaping @Sendable (YAMLScalar) throws(ValueMistake) -> Value,
        encode: @escaping @Sendable (Value) -> YAMLNode
    ) -> ValueFormat {
        ValueFormat(expected: expected, shape: .scalar) { node, path, problems in
            guard case .scalar(let scalar) = node.content else {
                problems.add(at: node.mark, path: path, "expected \(expected), found \(node.summary)")
                return nil
            }
            do throws(ValueMistake) {
                return try parse(scalar)
            } catch {
                let message = error.message ?? "expected \(expected), found \(node.summary)"
                problems.add(at: node.mark, path: path, message, hint: error.hint)
                return nil
            }
        } encode: {
            encode($0)
        }
    }

    /// The same text for another type.
    package func map<Other>(
        _ forward: @escaping @Sendable (Value) -> Other, back: @escaping @Sendable (Other) -> Value
    ) -> ValueFormat<Other> {
        let (decode, encode) = (decode, encode)
        return ValueFormat<Other>(expected: expected, shape: shape) { node, path, problems in
            decode(node, path, &problems).map(forward)
        } encode: {
            encode(back($0))
        }
    }
}

/// Which kind of node a value is written as.
package enum ValueShape: Sendable {
    /// Text, a number, a truth value.
    case scalar
    /// A list.
    case list
    /// A mapping.
    case mapping
}

/// What is wrong with one scalar.
package struct ValueMistake: Error {
    /// The whole message; `nil` means "expected …, found …".
    package var message: String?
    /// What to do about it.
    package var hint: String?

    /// Makes a mistake.
    package init(_ message: String? = nil, hint: String? = nil) {
        self.message = message
        self.hint = hint
    }
}

extension YAMLNode {
    /// What was found, in a few words.
    package var summary: String {
        switch content {
        case .scalar where isNull: "nothing"
        case .scalar(let scalar): "\"\(scalar.text.shortened)\""
        case .sequence: "a list"
        case .mapping: "a mapping"
        }
    }
}

extension String {
    /// At most 60 characters on one line, with control characters made visible.
    package var shortened: String {
        var result = ""
        for scalar in unicodeScalars.prefix(60) {
            if scalar.value < 0x20 || 0x7F...0x9F ~= scalar.value {
                result += scalar.escaped(asASCII: true)
            } else {
                result.unicodeScalars.append(scalar)
            }
        }
        return unicodeScalars.count > 60 ? result + "…" : result
    }
}
