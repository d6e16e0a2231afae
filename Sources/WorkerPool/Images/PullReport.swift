internal import ContainerEngine

/// Puts the end of a pull in words: what failed, why, and what to do. Pure; knows no password.
struct PullReport: Sendable {
    let reference: String
    let login: RegistryCredentials.Login?
    let limits: ImagePuller.Limits

    /// What went wrong, in the engine's words where it said something.
    func words(_ trouble: ImagePuller.Trouble) -> String {
        switch trouble {
        case .engine(let error): error.message
        case .stalled: "no progress for \(Self.seconds(limits.idle)) (workers.docker.pullIdleTimeout)"
        case .outOfTime: "not done after \(Self.seconds(limits.total)) (workers.docker.pullTimeout)"
        }
    }

    /// An answer that will not change by itself.
    func refused(_ trouble: ImagePuller.Trouble) -> WorkerError {
        WorkerError(
            .imageUnavailable, "the image \(reference) can't be pulled: \(words(trouble)); \(fix(trouble.code))")
    }

    /// Trouble that did not pass.
    func spent(_ trouble: ImagePuller.Trouble, attempts: Int) -> WorkerError {
        let often = attempts == 1 ? "" : " (after \(attempts) attempts)"
        let fix = trouble.code == .rateLimited ? "; \(fix(.rateLimited))" : ""
        return WorkerError(.pullFailed, "the image \(reference) can't be pulled: \(words(trouble))\(often)\(fix)")
    }

    private func fix(_ code: EngineError.Code) -> String {
        let host = RegistryName(of: reference).host
        switch code {
        case .unauthorized:
            guard let login else {
                return "no credentials for \(host) are known: log in with `docker login \(host)` as the user who runs "
                    + "acode, or set workers.docker.registryAuth"
            }
            return "\(host) does not accept \(login.auth) from \(login.source)"
        case .rateLimited: return "wait, or log in to \(host) for a higher limit"
        case .invalidRequest: return "write it as [host/]name[:tag][@digest]"
        default: return "check its name and tag"
        }
    }

    private static func seconds(_ duration: Duration) -> String { "\(Int(duration / .seconds(1))) s" }
}
