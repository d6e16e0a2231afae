import ContainerEngine
import Testing

@Suite("Words of failed pulls")
struct PullWordsTests {
    /// As the engines said them.
    @Test(arguments: [
        ("toomanyrequests: pull rate limit exceeded", EngineError.Code.rateLimited),
        ("error parsing HTTP 429 response body: invalid character 's'", .rateLimited),
        ("initializing source docker://r/a/b:1: reading manifest 1 in r/a/b: StatusCode: 429, slow down", .rateLimited),
        (#"Head "http://r/v2/a/manifests/1": no basic auth credentials"#, .unauthorized),
        (
            "initializing source docker://r/a:1: reading manifest 1 in r/a: unauthorized: authentication required",
            .unauthorized
        ),
        ("pull access denied for a, repository does not exist or may require 'docker login'", .unauthorized),
        ("manifest for r/a:2 not found: manifest unknown: manifest unknown", .notFound),
        ("reading manifest 2 in r/a: manifest unknown: manifest unknown", .notFound),
        ("name unknown: repository name not known to registry", .notFound),
        ("failed to register layer: Error processing tar file: write /x: no space left on device", .outOfSpace),
        ("no matching manifest for linux/amd64 in the manifest list entries", .notFound),
        ("no image found in manifest list for architecture amd64, variant \"\", OS linux", .notFound),
    ])
    func causes(words: String, code: EngineError.Code) { #expect(PullWords.code(words) == code) }

    @Test(arguments: [
        "unexpected EOF", "dial tcp 127.0.0.1:1: connect: connection refused",
        "received unexpected HTTP status: 503 Service Unavailable", "i/o timeout",
    ])
    func passingTroubleHasNoCause(words: String) { #expect(PullWords.code(words) == nil) }

    @Test(arguments: [
        ("toomanyrequests: retry-after: 1.5ms, allowed: 44000/minute", Duration.milliseconds(1.5)),
        ("retry-after: 2s", .seconds(2)), ("Retry-After: 30", .seconds(30)), ("Retry-After: \"7\"", .seconds(7)),
        ("retry-after: 2m", .seconds(120)), ("retry-after: 9µs", .zero), ("retry-after: 1m30s", .seconds(90)),
        ("retry-after: 1h2m", .seconds(3720)),
    ])
    func waits(words: String, wait: Duration) { #expect(PullWords.retryAfter(words) == wait) }

    @Test(arguments: ["toomanyrequests", "retry-after: soon", "retry-after: -1", "retry-after: 99999999999s"])
    func noWait(words: String) { #expect(PullWords.retryAfter(words) == nil) }
}
