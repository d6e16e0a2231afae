internal import Foundation
internal import Glibc

/// Finds `acode-agent`, which is installed with `acode`.
enum AgentLocation {
    /// Names another place; for trying out builds.
    static let variable = "ACODE_AGENT"

    /// The places where it may be, the first one first.
    static func candidates(executable: String, environment: [String: String]) -> [String] {
        if let path = environment[variable], !path.isEmpty { return [AbsolutePath.of(path)] }
        let directory = (executable as NSString).deletingLastPathComponent
        let prefix = (directory as NSString).deletingLastPathComponent
        return ["\(directory)/acode-agent", "\(prefix)/libexec/acode/acode-agent", "\(prefix)/lib/acode/acode-agent"]
    }

    /// The first candidate that can be executed. Blocks for a few system calls.
    ///
    /// - Throws: where it was looked for.
    static func find(environment: [String: String] = ProcessInfo.processInfo.environment) throws(CommandFailure)
        -> String
    {
        let executable = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? ""
        let places = candidates(executable: executable, environment: environment)
        if let found = places.first(where: { access($0, X_OK) == 0 }) { return found }
        throw CommandFailure(
            ExitCodes.internal, "acode-agent is missing; looked for \(places.joined(separator: ", "))",
            hint: "install it beside acode, or name it with \(variable)")
    }
}
