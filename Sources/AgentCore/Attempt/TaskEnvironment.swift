/// Puts a task's environment together. Pure.
enum TaskEnvironment {
    /// The variable that tells the agent's sub-commands where the agent listens.
    static let socketVariable = "ACODE_AGENT_SOCKET"

    /// The request's variables over `base`, with a `PATH` and a `HOME` in any case.
    ///
    /// - Parameters:
    ///   - base: the image's environment, or empty for a local worker.
    ///   - agentDirectory: appended to `PATH`, unless it is nil or already in it.
    ///   - socket: the name the agent listens on, if it does.
    static func compose(
        base: [String: String], request: [String: String], agentDirectory: String?, socket: String?
    ) -> [String: String] {
        var result = base.merging(request) { _, requested in requested }
        if result["HOME"] == nil { result["HOME"] = "/" }
        var path = result["PATH"] ?? PathLookup.defaultPath
        if let agentDirectory, !path.split(separator: ":").contains(Substring(agentDirectory)) {
            path = path.isEmpty ? agentDirectory : path + ":" + agentDirectory
        }
        result["PATH"] = path
        result[socketVariable] = socket
        return result
    }

    /// Splits `K=V` lines as `environ` holds them; entries without a name are left out, the first of two wins.
    static func parse(_ entries: [String]) -> [String: String] {
        var result: [String: String] = [:]
        for entry in entries {
            guard let equals = entry.firstIndex(of: "="), equals != entry.startIndex else { continue }
            let name = String(entry[..<equals])
            if result[name] == nil { result[name] = String(entry[entry.index(after: equals)...]) }
        }
        return result
    }
}
