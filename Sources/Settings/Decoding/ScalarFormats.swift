extension ValueFormat where Value == Int {
    /// A whole number of a range, written without quotes.
    package static func integer(_ range: ClosedRange<Int>) -> ValueFormat {
        let expected =
            range.upperBound == .max
            ? "a whole number of at least \(range.lowerBound)"
            : "a whole number from \(range.lowerBound) to \(range.upperBound)"
        return .scalar(expected: expected) { scalar throws(ValueMistake) in
            guard scalar.isPlain else { throw .quoted(scalar, means: Int(scalar.text) != nil) }
            // To some this is octal and to others decimal.
            if scalar.text.count > 1, scalar.text.hasPrefix("0"), Int(scalar.text) != nil {
                throw ValueMistake(hint: "write it without the leading zero")
            }
            guard let value = Int(scalar.text), range.contains(value) else { throw ValueMistake() }
            return value
        } encode: {
            .plain(String($0))
        }
    }
}

extension ValueFormat where Value == Double {
    /// A number of a range, written without quotes.
    package static func number(_ range: ClosedRange<Double>) -> ValueFormat {
        let expected = "a number from \(NumberText.format(range.lowerBound)) to \(NumberText.format(range.upperBound))"
        return .scalar(expected: expected) { scalar throws(ValueMistake) in
            guard scalar.isPlain else { throw .quoted(scalar, means: NumberText.parse(scalar.text) != nil) }
            guard let value = NumberText.parse(scalar.text), range.contains(value) else { throw ValueMistake() }
            return value
        } encode: {
            .plain(NumberText.format($0))
        }
    }
}

extension ValueFormat where Value == Bool {
    /// `true` or `false`.
    package static var boolean: ValueFormat {
        .scalar(expected: "true or false") { scalar throws(ValueMistake) in
            guard scalar.isPlain else {
                throw .quoted(scalar, means: ["true", "false"].contains(scalar.text.lowercased()))
            }
            switch scalar.text {
            case "true", "True", "TRUE": return true
            case "false", "False", "FALSE": return false
            default:
                switch scalar.text.lowercased() {
                case "yes", "on", "y", "1": throw ValueMistake(hint: "write true")
                case "no", "off", "n", "0": throw ValueMistake(hint: "write false")
                default: throw ValueMistake()
                }
            }
        } encode: {
            .plain($0 ? "true" : "false")
        }
    }
}

extension ValueFormat where Value: RawRepresentable & CaseIterable & Sendable, Value.RawValue == String {
    /// One of the words of an enumeration.
    package static var choice: ValueFormat {
        let words = Value.allCases.map(\.rawValue)
        return .scalar(expected: words.count == 1 ? words[0] : "one of \(words.joined(separator: ", "))") {
            scalar throws(ValueMistake) in
            if let value = Value(rawValue: scalar.text) { return value }
            throw ValueMistake(hint: NearestName.hint(for: scalar.text, among: words))
        } encode: {
            .plain($0.rawValue)
        }
    }
}

extension ValueFormat where Value == String {
    /// Text that passes a check. Numbers and truth values are taken as they are written.
    ///
    /// - Parameters:
    ///   - expected: what is expected.
    ///   - check: what is wrong with a text, `nil` if nothing is.
    package static func text(
        _ expected: String = "text", check: @escaping @Sendable (String) -> ValueMistake? = { _ in nil }
    ) -> ValueFormat {
        .scalar(expected: expected) { scalar throws(ValueMistake) in
            if YAMLNode(.scalar(scalar)).isNull { throw ValueMistake(hint: "write \"\" for an empty text") }
            // C strings end at NUL, so what a system call would see is not what was checked.
            if scalar.text.utf8.contains(0) { throw ValueMistake("must not contain a NUL character") }
            if let mistake = check(scalar.text) { throw mistake }
            return scalar.text
        } encode: {
            .text($0)
        }
    }
}

extension ValueMistake {
    /// A number or truth value in quotes.
    fileprivate static func quoted(_ scalar: YAMLScalar, means: Bool) -> ValueMistake {
        ValueMistake(hint: means ? "remove the quotes" : nil)
    }
}

/// Numbers as text.
enum NumberText {
    /// A decimal number; `nil` for anything else, infinities and hexadecimal digits included.
    static func parse(_ text: String) -> Double? {
        let allowed = text.utf8.allSatisfy { UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0 || "+-.eE".utf8.contains($0) }
        guard allowed, let value = Double(text), value.isFinite else { return nil }
        return value
    }

    /// Without a fraction where there is none.
    static func format(_ value: Double) -> String {
        value == value.rounded() && abs(value) < 1e15 ? String(Int(value)) : String(value)
    }
}
