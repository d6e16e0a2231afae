/// How a value is read from one scalar, before it is decided whether it may be absent.
package struct ScalarFormat<Value>: Sendable {
    /// What is expected, to follow "expected".
    package let expected: String
    /// Reads a scalar, or throws what is wrong with it.
    package let parse: @Sendable (YAMLScalar) throws(ValueMistake) -> Value
    /// Writes a value.
    package let encode: @Sendable (Value) -> YAMLNode

    /// Makes a format of its parts.
    package init(
        expected: String, parse: @escaping @Sendable (YAMLScalar) throws(ValueMistake) -> Value,
        encode: @escaping @Sendable (Value) -> YAMLNode
    ) {
        self.expected = expected
        self.parse = parse
        self.encode = encode
    }

    /// A value that has to be there.
    package var required: ValueFormat<Value> { .scalar(expected: expected, parse: parse, encode: encode) }

    /// A value, or nothing: written as `word`, or with no value at all.
    package func orNone(_ word: String) -> ValueFormat<Value?> {
        let (parse, encode) = (parse, encode)
        let expected = word.isEmpty ? "\(expected), or \"\"" : "\(expected), or \(word)"
        return .scalar(expected: expected) { scalar throws(ValueMistake) -> Value? in
            scalar.text == word || YAMLNode(.scalar(scalar)).isNull ? nil : try parse(scalar)
        } encode: { value in
            value.map(encode) ?? (word.isEmpty ? .text("") : .plain(word))
        }
    }
}
