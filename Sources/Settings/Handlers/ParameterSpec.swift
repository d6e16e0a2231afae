package import TaskModel

/// A parameter that a task type declares: what its value may be.
package struct ParameterSpec: Sendable, Equatable {
    /// What a value is.
    package enum Kind: String, Sendable, CaseIterable {
        case string
        case number
        case integer
        case boolean
    }

    /// The most bytes of a text: with its name it has to fit into one variable of a process.
    static let longestText = 64 << 10

    /// Its name, unique in its type whatever the case of letters.
    package var name: String
    /// What a value is.
    package var kind: Kind
    /// Whether a task has to give it.
    package var isRequired = false
    /// Its value where a task does not give it; `nil` means none.
    package var fallback: ParameterValue?
    /// The values there are; empty means all of its kind.
    package var choices: [ParameterValue] = []
    /// The least number.
    package var min: Double?
    /// The greatest number.
    package var max: Double?
    /// What it is for.
    package var documentation: String?

    /// Makes a parameter that takes all values of a kind.
    package init(name: String, kind: Kind) {
        self.name = name
        self.kind = kind
    }

    /// Whether every task of the type has a value of it.
    package var isAlwaysThere: Bool { isRequired || fallback != nil }

    /// The variable that tells the command its value: `ACODE_PARAM_FILE_SIZE_MB`.
    package var variable: String { Self.variable(of: name) }

    /// The variable of the parameter with this name.
    package static func variable(of name: String) -> String { "ACODE_PARAM_\(name.uppercased())" }

    /// What is expected, to follow "expected".
    package var expected: String {
        if !choices.isEmpty { return "one of \(choices.map(\.text).joined(separator: ", "))" }
        let what =
            switch kind {
            case .string: "text"
            case .number: "a number"
            case .integer: "a whole number"
            case .boolean: "true or false"
            }
        switch (min.map(NumberText.format), max.map(NumberText.format)) {
        case (let min?, let max?): return "\(what) from \(min) to \(max)"
        case (let min?, nil): return "\(what) of at least \(min)"
        case (nil, let max?): return "\(what) of at most \(max)"
        case (nil, nil): return what
        }
    }

    /// How a value is read: numbers and truth values without quotes, as everywhere.
    package var format: ValueFormat<ParameterValue> {
        .scalar(expected: expected) { scalar throws(ValueMistake) in
            try value(of: scalar)
        } encode: { value in
            if case .string(let text) = value { .text(text) } else { .plain(value.text) }
        }
    }

    /// What stands for a value where there is none yet: one that would do.
    var sample: ParameterValue {
        if let value = fallback ?? choices.first { return value }
        switch kind {
        case .string: return .string("x")
        case .number, .integer: return ParameterValue(Swift.max(min ?? 1, Swift.min(max ?? 1, 1)))
        case .boolean: return .boolean(true)
        }
    }

    private func value(of scalar: YAMLScalar) throws(ValueMistake) -> ParameterValue {
        let value: ParameterValue
        switch kind {
        case .string:
            value = .string(try text(of: scalar))
        case .boolean:
            guard scalar.isPlain else { throw quoted(["true", "false"].contains(scalar.text)) }
            guard ["true", "false"].contains(scalar.text) else { throw ValueMistake() }
            value = .boolean(scalar.text == "true")
        case .integer:
            guard scalar.isPlain else { throw quoted(Int(scalar.text) != nil) }
            guard let number = Int(scalar.text), fits(Double(number)) else { throw ValueMistake() }
            value = .integer(number)
        case .number:
            guard scalar.isPlain else { throw quoted(NumberText.parse(scalar.text) != nil) }
            guard let number = NumberText.parse(scalar.text), fits(number) else { throw ValueMistake() }
            value = ParameterValue(number)
        }
        guard choices.isEmpty || choices.contains(value) else {
            // Of numbers none is nearly another.
            let hint = kind == .string ? NearestName.hint(for: value.text, among: choices.map(\.text)) : nil
            throw ValueMistake(hint: hint)
        }
        return value
    }

    private func text(of scalar: YAMLScalar) throws(ValueMistake) -> String {
        if YAMLNode(.scalar(scalar)).isNull { throw ValueMistake(hint: "write \"\" for an empty text") }
        guard !scalar.text.utf8.contains(0) else { throw ValueMistake("must not contain a NUL character") }
        let length = scalar.text.utf8.count
        guard length <= Self.longestText else {
            throw ValueMistake(
                "is \(length) bytes long; at most \(Self.longestText) are possible",
                hint: "put it into a file and name that")
        }
        return scalar.text
    }

    private func fits(_ number: Double) -> Bool { number >= min ?? -.infinity && number <= max ?? .infinity }

    private func quoted(_ means: Bool) -> ValueMistake { ValueMistake(hint: means ? "remove the quotes" : nil) }
}
