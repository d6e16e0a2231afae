import Glibc

/// Finds and reads the configuration file and its overlay.
struct FileSources {
    /// One a file, the overlay last.
    private(set) var layers: [Layer] = []
    /// The files that were read, as messages call them.
    private(set) var names: [String] = []
    /// What can't be read at all.
    private(set) var problems: [Problem] = []
    private(set) var warnings: [Problem] = []

    /// Reads what there is. Blocks.
    mutating func read(configPath: String?, environment: [String: String], workingDirectory: String) {
        let candidates = ConfigurationFiles.candidates(
            configPath: configPath, environment: environment, workingDirectory: workingDirectory)
        let file = readFirst(candidates)
        guard let name = environment["ACODE_ENV"], !name.isEmpty else { return }
        // A name with a slash would read a file from anywhere.
        guard NameRules.name(name) == nil else {
            problems.append(Problem(file: "ACODE_ENV", message: "\"\(name.shortened)\" is not a possible name"))
            return
        }
        guard let file else {
            if problems.isEmpty {
                let message = "has no effect: there is no configuration file whose overlay it could name"
                warnings.append(Problem(file: "ACODE_ENV", message: message))
            }
            return
        }
        let known = Self.environments(beside: file)
        _ = readFirst(
            ConfigurationFiles.overlays(of: file, environment: name),
            missingHint: NearestName.hint(for: name, among: known)
                ?? (known.isEmpty ? "ACODE_ENV names it" : "there are \(known.joined(separator: ", "))"))
    }

    /// Reads the first that exists; all of them missing is a problem when they were asked for.
    private mutating func readFirst(
        _ candidates: [ConfigurationFiles.Candidate], missingHint: String? = nil
    ) -> ConfigurationFiles.Candidate? {
        var missing: Problem?
        for candidate in candidates {
            do throws(FileReader.Failure) {
                let bytes = try FileReader.read(candidate.path, limit: YAMLLimits.configuration.bytes)
                parse(bytes, name: candidate.name)
                return candidate
            } catch {
                let hint = candidate.askedBy.map { "\($0) names it" }
                let problem = Problem(file: candidate.name, message: error.message, hint: missingHint ?? hint)
                guard error.isMissing else {
                    problems.append(problem)
                    return nil
                }
                if candidate.askedBy != nil { missing = missing ?? problem }
            }
        }
        if let missing { problems.append(missing) }
        return nil
    }

    private mutating func parse(_ bytes: [UInt8], name: String) {
        names.append(name)
        do throws(ConfigurationError) {
            let document = try YAMLParser.document(bytes, name: name)
            var layer = FileLayer.read(document.root, name: name)
            layer.problems += document.problems
            layers.append(layer)
        } catch {
            problems += error.problems
        }
    }

    /// The environments whose overlays lie beside a file, in order.
    static func environments(beside file: ConfigurationFiles.Candidate) -> [String] {
        let slash = file.path.lastIndex(of: "/")
        let directory = slash.map { String(file.path[...$0]) } ?? "."
        let base = slash.map { String(file.path[file.path.index(after: $0)...]) } ?? file.path
        let (stem, ending) = ConfigurationFiles.split(base)
        var found: Set<String> = []
        for name in entries(of: directory) where name != base && name.hasPrefix(stem + ".") {
            let (rest, last) = ConfigurationFiles.split(name)
            guard last == ".yaml" || last == ending, rest.count > stem.count + 1 else { continue }
            let environment = String(rest.dropFirst(stem.count + 1))
            if NameRules.name(environment) == nil { found.insert(environment) }
        }
        return found.sorted()
    }

    private static func entries(of directory: String) -> [String] {
        guard let handle = opendir(directory) else { return [] }
        defer { closedir(handle) }
        var names: [String] = []
        while names.count < 10_000, let entry = readdir(handle) {
            names.append(
                withUnsafePointer(to: &entry.pointee.d_name) {
                    $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
                })
        }
        return names
    }
}
