extension ValueFormat where Value == Watermark? {
    /// A watermark, or `off`.
    static func watermark(_ range: ClosedRange<Double>) -> ValueFormat {
        let level = ValueFormat<Watermark>.watermark(range)
        let expected = "\(level.expected), or off"
        return ValueFormat(expected: expected, shape: .mapping) { node, path, problems in
            if node.isNull { return .some(nil) }
            if case .scalar(let scalar) = node.content, ["off", "false"].contains(scalar.text) { return .some(nil) }
            return level.decode(node, path, &problems).map { .some($0) }
        } encode: {
            $0.map(level.encode) ?? .plain("off")
        }
    }
}

extension ValueFormat where Value == Watermark {
    /// Two levels, or the high one alone.
    static func watermark(_ range: ClosedRange<Double>) -> ValueFormat {
        let number = ValueFormat<Double>.number(range)
        let expected = "\(number.expected), or two as in {high: \(NumberText.format(range.upperBound / 10)), low: 1}"
        return ValueFormat(expected: expected, shape: .mapping) { node, path, problems in
            if case .scalar = node.content, !node.isNull {
                return number.decode(node, path, &problems).map { Watermark(high: $0) }
            }
            guard var reader = MappingReader(node, path: path, expected: expected, problems: &problems) else {
                return nil
            }
            let high = reader.required("high", number, problems: &problems)
            let low = reader.optional("low", number, problems: &problems)
            reader.finish(problems: &problems)
            guard let high else { return nil }
            if let low, low > high {
                problems.add(
                    at: reader.mark(of: "low"), path: reader.child("low"),
                    "must not be more than high, which is \(NumberText.format(high))")
                return nil
            }
            return Watermark(high: high, low: low)
        } encode: {
            .map([("high", number.encode($0.high)), ("low", number.encode($0.low))])
        }
    }
}
