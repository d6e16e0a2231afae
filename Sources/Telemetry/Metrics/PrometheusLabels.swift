/// The labels of one series, in the order of their names.
struct PrometheusLabels: Hashable, Comparable, Sendable {
    /// Names are valid and unique.
    let pairs: [Pair]

    /// A name and a value.
    struct Pair: Hashable, Sendable {
        var name: String
        var value: String
    }

    /// Labels of dimensions; of two with one name the last one counts.
    init(_ dimensions: [(String, String)]) {
        var values: [String: String] = [:]
        for (name, value) in dimensions { values[PrometheusName.label(name)] = value }
        pairs = values.sorted { $0.key < $1.key }.map { Pair(name: $0.key, value: $0.value) }
    }

    private init(pairs: [Pair]) { self.pairs = pairs }

    /// The same names, with the value that stands for all sets over the limit.
    var overflow: PrometheusLabels { PrometheusLabels(pairs: pairs.map { Pair(name: $0.name, value: "other") }) }

    /// As they are written, with braces; `more` follows the others. Empty when there are none.
    func text(_ more: (String, String)? = nil) -> String {
        var parts = pairs.map { "\($0.name)=\"\(Self.escaped($0.value))\"" }
        if let more { parts.append("\(more.0)=\"\(Self.escaped(more.1))\"") }
        return parts.isEmpty ? "" : "{" + parts.joined(separator: ",") + "}"
    }

    static func < (lhs: PrometheusLabels, rhs: PrometheusLabels) -> Bool { lhs.text() < rhs.text() }

    /// Backslash, quote and line feed, as the text format asks for.
    private static func escaped(_ value: String) -> String {
        PrometheusName.escaped(value, alsoQuotes: true)
    }
}

/// Names and texts of the exposition format.
enum PrometheusName {
    /// A metric's name: `[a-zA-Z_:][a-zA-Z0-9_:]*`; what does not fit becomes `_`.
    static func metric(_ name: String) -> String { valid(name, others: "_:") }

    /// A label's name: `[a-zA-Z_][a-zA-Z0-9_]*`; `le` belongs to histograms, and names that begin with `__` to Prometheus.
    static func label(_ name: String) -> String {
        let name = valid(name, others: "_")
        return name == "le" || name.hasPrefix("__") ? "label_\(name)" : name
    }

    static func escaped(_ text: String, alsoQuotes: Bool) -> String {
        var result = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\\": result += "\\\\"
            case "\n": result += "\\n"
            case "\"" where alsoQuotes: result += "\\\""
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result
    }

    /// A value: whole numbers without a fraction, and the words of the format for what is no number.
    static func number(_ value: Double) -> String {
        if value.isNaN { return "NaN" }
        if value.isInfinite { return value > 0 ? "+Inf" : "-Inf" }
        return value == value.rounded() && abs(value) < 1e15 ? String(Int64(value)) : String(value)
    }

    private static func valid(_ name: String, others: String) -> String {
        var result = ""
        for scalar in name.unicodeScalars {
            let isLetter = "a"..."z" ~= scalar || "A"..."Z" ~= scalar
            let isDigit = "0"..."9" ~= scalar
            if isDigit, result.isEmpty { result = "_" }
            result.unicodeScalars.append(isLetter || isDigit || others.unicodeScalars.contains(scalar) ? scalar : "_")
        }
        return result.isEmpty ? "_" : result
    }
}
