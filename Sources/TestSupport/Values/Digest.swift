/// SHA-256, computed by coreutils.
package enum Digest {
    /// The digest of bytes in hexadecimal.
    package static func sha256(_ bytes: [UInt8]) async throws -> String {
        let sum = try await ChildProcess.tool(
            ProcessPlan("/usr/bin/sha256sum", [], input: .bytes(bytes)), within: .seconds(30))
        return String(sum.text.prefix(64))
    }
}
