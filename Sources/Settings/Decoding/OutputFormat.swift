import TaskModel

extension ValueFormat where Value == OutputSpec {
    /// An output: a path, or `{path, to, required, allowEmpty, replace}`.
    static var output: ValueFormat {
        let expected = "an output, as in {path: report.html, to: /srv/artifacts/report.html}"
        let path = ValueFormat<String>.text("a path in the output directory", check: OutputRules.path)
        let to = ValueFormat<String>.text("an absolute path of this host", check: OutputRules.destination)
        return ValueFormat(expected: expected, shape: .mapping) { node, place, problems in
            if case .scalar = node.content {
                return path.decode(node, place, &problems).map { OutputSpec(path: $0) }
            }
            guard var reader = MappingReader(node, path: place, expected: expected, problems: &problems) else {
                return nil
            }
            let source = reader.required("path", path, problems: &problems)
            let destination = reader.optional("to", to, problems: &problems)
            let required = reader.value("required", .boolean, default: true, problems: &problems)
            let allowEmpty = reader.value("allowEmpty", .boolean, default: false, problems: &problems)
            let replace = reader.value("replace", .boolean, default: false, problems: &problems)
            reader.finish(problems: &problems)
            return source.map {
                OutputSpec(path: $0, to: destination, required: required, allowEmpty: allowEmpty, replace: replace)
            }
        } encode: { output in
            let flags = [
                ("required", output.required, true), ("allowEmpty", output.allowEmpty, false),
                ("replace", output.replace, false),
            ]
            return .map(
                [("path", .text(output.path))] + (output.to.map { [("to", .text($0))] } ?? [])
                    + flags.filter { $0.1 != $0.2 }.map { ($0.0, .plain($0.1 ? "true" : "false")) })
        }
    }
}

extension ValueFormat where Value == [OutputSpec] {
    /// Outputs, none of them inside another.
    static var outputs: ValueFormat {
        .list(of: .output, expected: "a list of outputs, each a path or {path, to, required, allowEmpty, replace}") {
            output, before in
            for other in before {
                if LexicalPath.isWithin(output.path, other.path) || LexicalPath.isWithin(other.path, output.path) {
                    return ValueMistake("is the same as the output \(other.path), or one is in the other")
                }
                if let to = output.to, let taken = other.to {
                    let (new, old) = (LexicalPath.normalised(to), LexicalPath.normalised(taken))
                    if LexicalPath.isWithin(new, old) || LexicalPath.isWithin(old, new) {
                        return ValueMistake("goes to the place of the output \(other.path), or one is in the other")
                    }
                }
            }
            return nil
        }
    }
}

/// What paths of outputs may look like.
enum OutputRules {
    /// A path below the output directory, with nothing in it that leads elsewhere.
    static func path(_ text: String) -> ValueMistake? {
        if text.hasPrefix("/") {
            return ValueMistake(hint: "write it without the leading slash: it lies in $ACODE_OUTPUT_DIR")
        }
        return names(text)
    }

    /// Where an output goes.
    static func destination(_ text: String) -> ValueMistake? {
        PathRules.absolute(text) ?? names(String(text.dropFirst()))
    }

    private static func names(_ text: String) -> ValueMistake? {
        let names = text.split(separator: "/", omittingEmptySubsequences: false)
        guard !names.contains(where: { $0.isEmpty || $0 == "." || $0 == ".." }) else {
            return ValueMistake("must not have empty parts, . or .. in it")
        }
        guard !names.contains(where: { $0.hasPrefix(".acode-") }) else {
            return ValueMistake("must not have a part that begins with .acode-")
        }
        guard names.count <= 64, names.allSatisfy({ $0.utf8.count <= 200 }) else {
            return ValueMistake("is too long: at most 64 parts of 200 bytes each")
        }
        return text.unicodeScalars.allSatisfy({ $0.value >= 0x20 && $0.value != 0x7F })
            ? nil : ValueMistake("must not contain control characters")
    }
}
