import AgentProtocol

/// What must not be seen in an attempt's output: the content of its secret files, read before its command can run.
enum SecretNeedles {
    /// The largest secret a supervisor puts into a file, in bytes.
    private static let largest = 1 << 20

    /// A masker of the request's secrets.
    ///
    /// - Throws: a start failure of kind `other` for a file that can't be read: its content could not be hidden.
    static func masker(_ request: RunRequest) throws(StartFailureError) -> SecretMasker {
        var values: [String: [UInt8]] = [:]
        for name in request.secrets {
            guard let directory = request.secretsDirectory,
                let value = ProcFile.bytes("\(directory)/\(name)", limit: largest)
            else { throw StartFailureError(StartFailures.unreadableSecret(name)) }
            values[name] = value
        }
        return SecretMasker(values)
    }
}
