internal import ArgumentParser
internal import Foundation
internal import Settings
internal import TaskModel

/// Of which declared type a task is, what it is given, and how it is marked.
struct TypeOptions: ParsableArguments {
    @Option(help: ArgumentHelp("The type of the task, one of handlers in the configuration.", valueName: "name"))
    var type: String?

    @Option(
        parsing: .unconditionalSingleValue,
        help: ArgumentHelp("With --type: a parameter of the task. May be repeated.", valueName: "NAME=VALUE"))
    var param: [String] = []

    @Option(
        help: ArgumentHelp(
            "With --type: a JSON or YAML file of parameters, which --param goes over; - is standard input.",
            valueName: "file"))
    var paramsFile: String?

    @Option(help: ArgumentHelp("A mark that rules of routing look at. May be repeated.", valueName: "name"))
    var label: [String] = []

    /// Whether there are parameters.
    var hasParams: Bool { !param.isEmpty || paramsFile != nil }

    func validate() throws {
        if type == nil, hasParams { throw ValidationError("--param and --params-file need --type.") }
    }

    /// The task of the type, not routed yet; `nil` when no type is named.
    ///
    /// - Throws: every mistake, with the type and the parameter: a usage error, or one of the configuration when the file of
    ///   parameters has them all.
    func task(_ rules: TaskRules) throws(CommandFailure) -> TaskSpec? {
        guard let type else { return nil }
        let (params, inFile) = try params(of: rules.types[type])
        do throws(ConfigurationError) {
            return try TypedTask(rules).task(type: type, params: params)
        } catch {
            var isOfFile = true
            let lines = error.problems.map { problem in
                var place = Self.option(of: problem.path, type)
                if let paramsFile, inFile.contains(where: { "params.\($0.shortened)" == problem.path }) {
                    var named = problem
                    (named.file, named.message, named.hint) = (Self.name(of: paramsFile), "", nil)
                    named.path = String(problem.path.dropFirst("params.".count))
                    place = String(named.description.dropLast(": ".count))
                } else {
                    isOfFile = false
                }
                return "\(place): \(problem.message)" + (problem.hint.map { " (\($0))" } ?? "")
            }
            throw CommandFailure(
                isOfFile ? ExitCodes.configuration : ExitCodes.usage, lines.joined(separator: "\nacode: "))
        }
    }

    /// Adds the labels to those that a task has.
    func mark(_ spec: inout TaskSpec) {
        let new = label.filter { spec.labels?.contains($0) != true }
        if !new.isEmpty { spec.labels = (spec.labels ?? []) + new }
    }

    /// The option behind a path.
    static func option(of path: String, _ type: String) -> String {
        if path == "type" { return "--type" }
        if path == "params" { return "--params-file" }
        if path.hasPrefix("params.") { return "--param \(path.dropFirst("params.".count))" }
        return "--type \(type): with these parameters, \(path)"
    }

    private static func name(of file: String) -> String { file == "-" ? "standard input" : file }

    /// The parameters of the file with those of the command line over them, and which of them the file has.
    private func params(of type: TaskType?) throws(CommandFailure) -> ([YAMLEntry], inFile: Set<String>) {
        var entries = try fromFile()
        var inFile = Set(entries.map(\.key))
        for text in param {
            let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            guard parts.count == 2, !parts[0].isEmpty else {
                throw CommandFailure(ExitCodes.usage, "--param: \"\(text)\" has no value", hint: "write NAME=VALUE")
            }
            // On a command line nothing tells a number from a text but what is declared.
            let value = type?.parameter(parts[0])?.kind == .string ? YAMLNode.text(parts[1]) : .plain(parts[1])
            entries.removeAll { $0.key == parts[0] }
            entries.append(YAMLEntry(key: parts[0], value: value))
            inFile.remove(parts[0])
        }
        return (entries, inFile)
    }

    private func fromFile() throws(CommandFailure) -> [YAMLEntry] {
        guard let paramsFile else { return [] }
        let name = Self.name(of: paramsFile)
        let text = try InputFile.text(paramsFile, limit: 4 << 20, flag: "--params-file")
        let document: YAMLDocument
        do throws(ConfigurationError) {
            document = try YAMLParser.document(Array(text.utf8), name: name)
            guard document.problems.isEmpty else { throw ConfigurationError(problems: document.problems) }
        } catch {
            throw CommandFailure(error, in: name)
        }
        guard let root = document.root, !root.isNull else { return [] }
        guard case .mapping(let entries) = root.content else {
            throw CommandFailure(
                ExitCodes.usage, "--params-file: \(name): expected parameters and their values, found \(root.summary)",
                hint: "as in {\"file_size_mb\": 900}")
        }
        return entries
    }
}
