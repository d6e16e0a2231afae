extension Result where Success: Sendable {
    /// The outcome of an asynchronous call, as a value.
    init(_ body: () async throws(Failure) -> Success) async {
        do throws(Failure) {
            self = .success(try await body())
        } catch {
            self = .failure(error)
        }
    }
}
