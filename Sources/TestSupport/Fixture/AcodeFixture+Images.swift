extension AcodeFixture {
    /// Runs `acode image pull REFERENCE OPTIONS…` against an engine. The user's own credentials are out of reach.
    package func pull(
        _ reference: String, _ options: [String] = [], on engine: Engine, environment: [String: String] = [:],
        within limit: Duration = .seconds(60)
    ) async throws -> FinishedProcess {
        removeAtEnd(reference, from: engine)
        let own = noCredentials.merging(environment) { _, given in given }
        return try await acode(
            ["image", "pull", reference, "--engine-socket", try engine.socket] + options, environment: own,
            within: limit)
    }

    /// Variables under which nobody is logged in anywhere.
    package var noCredentials: [String: String] {
        [
            "DOCKER_CONFIG": "\(scratch)/nobody", "XDG_CONFIG_HOME": "\(scratch)/nobody",
            "XDG_RUNTIME_DIR": "\(scratch)/nobody",
        ]
    }

    /// Removes an image that the test brings into an engine.
    package func removeAtEnd(_ reference: String, from engine: Engine) {
        atEnd {
            // A container that was just removed may hold it for a moment on a loaded machine; an image that is not there is
            // fine.
            _ = try await eventually("the image to go", within: .seconds(10), every: .milliseconds(200)) {
                try await engine.api.call("DELETE", "/images/\(reference)").status != 409
            }
        }
    }
}
