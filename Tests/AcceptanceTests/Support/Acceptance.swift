import Testing

/// Everything that runs the built program against real engines. One test at a time: two cores can't give several pools
/// of containers their due, and some tests restart an engine.
@Suite(.serialized, .tags(.docker, .podman))
enum Acceptance {}

extension Tag {
    /// Needs a Docker engine: `scripts/engines start docker`.
    @Tag static var docker: Self
    /// Needs a Podman engine: `scripts/engines start podman`.
    @Tag static var podman: Self
}
