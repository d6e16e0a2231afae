import FoundationEssentials

/// Turns an answer with an error status into a cause.
///
/// Docker says it by status; Podman 4 answers 500 to most mistakes and says it by `cause`, the root error's text, which is
/// a constant of its source. Where even that is not enough, the words that runtimes use are looked at last.
struct EngineErrorClassifier: Sendable {
    let kind: EngineKind
    let operation: EngineOperation
    /// The id or name in the path, to tell "your container is missing" from "what it needs is missing".
    let subject: String?

    /// What an error body says.
    struct Words: Decodable, Equatable {
        var message: String
        var cause: String?

        /// Reads `{"message", "cause"}`, else takes the body as plain text.
        init(body: [UInt8]) {
            if let words = try? JSONDecoder().decode(Words.self, from: Data(body)) {
                self = words
            } else {
                message = String(decoding: body.prefix(4096), as: UTF8.self)[...].trimmingWhiteSpace()
                cause = nil
            }
        }
    }

    func classify(status: Int, words: Words) -> EngineError.Code {
        let message = words.message.lowercased()
        // Both pass the system's words on, in errors of every kind.
        if status >= 500, message.contains("no space left on device") || message.contains("disk quota exceeded") {
            return .outOfSpace
        }
        // Podman uses the cause of an unrunnable command for limits it may not set, too.
        if message.contains("rlimit") { return .invalidRequest }
        if let code = classify(cause: words.cause ?? "") { return code }
        if operation == .pullImage, let code = PullWords.code(words.message) { return code }
        switch status {
        case 400: return startProblem(message) ?? .invalidRequest
        case 401, 403: return .unauthorized
        case 404: return missing(message)
        case 409: return operation.createsANamedThing ? .nameInUse : .conflict
        case 501: return .unsupported
        default: return serverProblem(message)
        }
    }

    /// Podman's root errors.
    private func classify(cause: String) -> EngineError.Code? {
        switch cause {
        case "": nil
        case "that name is already in use", "network already exists", "volume already exists": .nameInUse
        case "no such container", "no such network", "no such volume", "no such image": .notFound
        case "image not known": operation == .createContainer ? .imageMissing : .notFound
        case "network not found": operation == .removeNetwork ? .notFound : .dependencyMissing
        case "container state improper", "volume is being used", "network is being used": .conflict
        case "invalid argument": .invalidRequest
        case "address already in use": .portInUse
        case "OCI runtime attempted to invoke a command that was not found", "OCI permission denied":
            .commandNotRunnable
        default: nil
        }
    }

    private func missing(_ message: String) -> EngineError.Code {
        switch operation {
        case .createContainer: return .imageMissing
        case .startContainer:
            // Docker also answers 404 when a network or a `container:` neighbour is missing.
            guard let subject, !subject.isEmpty else { return .notFound }
            return message.contains(subject.lowercased()) || message.isEmpty ? .notFound : .dependencyMissing
        default: return .notFound
        }
    }

    private func serverProblem(_ message: String) -> EngineError.Code {
        if message.contains("unauthorized") || message.contains("no basic auth credentials")
            || message.contains("authentication required")
        {
            return .unauthorized
        }
        if message.contains("port is already allocated") || message.contains("address already in use") {
            return .portInUse
        }
        if kind == .podman {
            if message.contains("can only kill running") || message.contains("is in state") { return .conflict }
            if message.contains("cannot remove container") && message.contains("running") { return .conflict }
            if message.contains("invalid reference format") || message.contains("names must match")
                || message.contains("no command or entrypoint")
            {
                return .invalidRequest
            }
            if message.contains("network not found") || message.contains("unable to find network") {
                return .dependencyMissing
            }
        }
        if message.contains("network") && message.contains("already exists") { return .nameInUse }
        return startProblem(message) ?? .engineFailure
    }

    private func startProblem(_ message: String) -> EngineError.Code? {
        guard operation == .startContainer || operation == .attachContainer else { return nil }
        let ofTheRuntime = message.contains("oci runtime") || message.contains("exec:") || message.contains("runc")
        let isMissing = message.contains("no such file or directory") || message.contains("executable file not found")
        if ofTheRuntime && (isMissing || message.contains("permission denied")) && message.contains("exec") {
            return .commandNotRunnable
        }
        return nil
    }
}

extension EngineOperation {
    fileprivate var createsANamedThing: Bool {
        self == .createContainer || self == .createNetwork || self == .createVolume
    }
}

extension Substring {
    func trimmingWhiteSpace() -> String {
        var text = self
        while text.last?.isWhitespace == true { text.removeLast() }
        while text.first?.isWhitespace == true { text.removeFirst() }
        return String(text)
    }
}
