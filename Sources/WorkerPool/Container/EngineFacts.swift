internal import ContainerEngine

extension WorkerError {
    /// Why a container could not be made or started, in the engine's own words.
    init(engine error: EngineError) {
        let code: Code =
            if error.isEngineUnavailable {
                .engineUnavailable
            } else {
                switch error.code {
                case .imageMissing, .unauthorized: .imageUnavailable
                case .invalidRequest, .commandNotRunnable, .unsupported: .configurationRefused
                case .cancelled: .poolClosed
                default: .startFailed
                }
            }
        self.init(code, error.description)
    }
}

extension WorkerLoss {
    /// What is known of the end of a container that the engine has started again.
    init(restartedByEngine state: ContainerState, lastWords: String) {
        let output = lastWords.isEmpty ? "" : "; its last output: \(lastWords)"
        self.init(
            observation: "its container ended and was started again by the engine\(output)", oomKilled: state.oomKilled)
    }

    /// What a container that ended says about its end.
    init(_ state: ContainerState, lastWords: String) {
        let code = Int(state.exitCode)
        var words = "its container ended with exit code \(code)"
        if code == 137 { words += " (SIGKILL, which acode did not send)" }
        if !state.error.isEmpty { words += ": \(state.error)" }
        if !lastWords.isEmpty { words += "; its last output: \(lastWords)" }
        self.init(observation: words, exitCode: code, oomKilled: state.oomKilled)
    }
}
