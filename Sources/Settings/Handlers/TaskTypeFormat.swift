import TaskModel

extension ValueFormat where Value == TaskType {
    /// A task type: the keys of a task, and the parameters that may stand in them.
    static var taskType: ValueFormat {
        let expected = "a task type, as in {command: [make, \"{{target}}\"], parameters: {target: {type: string}}}"
        return ValueFormat(expected: expected, shape: .mapping) { node, path, problems in
            guard case .mapping(let entries) = node.content else {
                problems.add(at: node.mark, path: path, "expected \(expected), found \(node.summary)")
                return nil
            }
            let own = entries.filter { !TaskTypeCheck.ownKeys.contains($0.key) }
            var check = TaskTypeCheck(
                path: path, parameters: TaskTypeCheck.parameters(entries, problems.source),
                command: entries.first { $0.key == "command" }?.value)
            let sample = check.sample(of: own, &problems)
            var found = ProblemCollector(source: problems.source, hasLines: problems.hasLines)
            let whole = YAMLNode(
                .mapping(sample + entries.filter { TaskTypeCheck.ownKeys.contains($0.key) }), at: node.mark)
            guard var reader = MappingReader(whole, path: path, expected: expected, problems: &found) else {
                return nil
            }
            let documentation = reader.optional("description", .text(), problems: &found)
            let parameters = reader.optional("parameters", .parameters, problems: &found)
            _ = TaskFormat.fields(&reader, RetryPolicy(), &found)
            reader.finish(problems: &found)
            let known = found.problems.filter { problem in !check.isUnsure(of: problem.path) }
            problems.add(known)
            guard known.isEmpty, check.isFine else { return nil }
            return TaskType(
                documentation: documentation, parameters: parameters ?? [],
                template: YAMLNode(.mapping(own)).rewritten)
        } encode: { type in
            var pairs: [(String, YAMLNode)] = type.documentation.map { [("description", .text($0))] } ?? []
            if !type.parameters.isEmpty {
                pairs.append(("parameters", ValueFormat<[ParameterSpec]>.parameters.encode(type.parameters)))
            }
            guard case .mapping(let entries) = type.template.content else { return .map(pairs) }
            return .map(pairs + entries.map { ($0.key, $0.value) })
        }
    }
}

/// Looks at the places of parameters in a type's declaration.
private struct TaskTypeCheck {
    /// The keys that are the type's and not its tasks'.
    static let ownKeys = ["description", "parameters"]

    let path: String
    /// Those that are declared; `nil` when that can't be read.
    let parameters: [ParameterSpec]?
    /// Where the scripts of shells are.
    private let scripts: Set<String>
    /// Whether every place is right.
    private(set) var isFine = true
    /// Where parameters stand, so that only their values decide whether it is right.
    private var places: [String] = []

    init(path: String, parameters: [ParameterSpec]?, command: YAMLNode?) {
        self.path = path
        self.parameters = parameters
        let found = ShellScripts(in: command)
        scripts = Set(
            found.words.map { "\(path).command[\($0)]" } + (found.isStandardInput ? ["\(path).stdin"] : []))
    }

    /// The declared parameters, without a word on what is wrong with them.
    static func parameters(_ entries: [YAMLEntry], _ source: String) -> [ParameterSpec]? {
        guard let entry = entries.first(where: { $0.key == "parameters" }) else { return [] }
        var ignored = ProblemCollector(source: source)
        return ValueFormat<[ParameterSpec]>.parameters.decode(entry.value, "", &ignored)
    }

    /// The task with values that would do in the places of its parameters.
    mutating func sample(of entries: [YAMLEntry], _ problems: inout ProblemCollector) -> [YAMLEntry] {
        let samples = Dictionary((parameters ?? []).map { ($0.name, $0.sample) }) { first, _ in first }
        return entries.map { entry in
            var entry = entry
            let key = entry.key
            entry.value = entry.value.mapScalars(path: "\(path).\(key.shortened)") { node, scalar, place in
                guard scalar.text.contains("{{") else { return node }
                look(at: scalar, key, place, node.mark, &problems)
                return YAMLNode(.scalar(Placeholder.fill(scalar, samples)), at: node.mark)
            }
            return entry
        }
    }

    /// Whether a mistake at a place may come of a sample.
    func isUnsure(of problem: String) -> Bool {
        places.contains { $0 == problem || $0.hasPrefix(problem + ".") || $0.hasPrefix(problem + "[") }
    }

    private mutating func look(
        at scalar: YAMLScalar, _ key: String, _ place: String, _ mark: YAMLMark, _ problems: inout ProblemCollector
    ) {
        do throws(ValueMistake) {
            for piece in try Placeholder.pieces(of: scalar.text) {
                guard case .parameter(let name) = piece else { continue }
                places.append(place)
                try check(name, key, place)
            }
        } catch {
            problems.add(at: mark, path: place, error.message ?? "", hint: error.hint)
            isFine = false
        }
    }

    private func check(_ name: String, _ key: String, _ place: String) throws(ValueMistake) {
        guard TaskType.openKeys.contains(key) else {
            throw ValueMistake(
                "can't hold a parameter",
                hint: "those that can are \(TaskType.openKeys.sorted().joined(separator: ", "))")
        }
        guard place != "\(path).command[0]" else { throw ValueMistake("the program can't be a parameter") }
        if scripts.contains(place) {
            let variable = "$\(ParameterSpec.variable(of: name))"
            throw ValueMistake(
                "would become a part of a shell's script",
                hint: key == "stdin"
                    ? "use \(variable) there"
                    : "write \"$1\" there and add sh, \"{{\(name)}}\" after it, or use \(variable)")
        }
        guard let parameters else { return }
        guard let parameter = parameters.first(where: { $0.name == name }) else {
            let names = parameters.map(\.name)
            throw ValueMistake(
                "there is no parameter \(name)",
                hint: NearestName.hint(for: name, among: names)
                    ?? (names.isEmpty ? "declare it in parameters" : "known are \(names.joined(separator: ", "))"))
        }
        guard parameter.isAlwaysThere else {
            throw ValueMistake(
                "the parameter \(name) may be missing, and then nothing could stand here",
                hint: "make it required, or give it a default")
        }
    }
}

extension YAMLNode {
    /// The same without places, written so that it reads back as itself wherever it stands.
    fileprivate var rewritten: YAMLNode {
        mapScalars(path: "") { node, scalar, _ in
            if node.isNull { return .plain("null") }
            let isWord = scalar.text.utf8.allSatisfy { byte in
                UInt8(ascii: "a")...UInt8(ascii: "z") ~= byte || UInt8(ascii: "A")...UInt8(ascii: "Z") ~= byte
                    || UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte || "._+-".utf8.contains(byte)
            }
            return scalar.isPlain && isWord ? .plain(scalar.text) : .text(scalar.text)
        }.moved(to: YAMLMark(line: 1, column: 1))
    }
}
