import Testing

@testable import TaskModel

@Suite("ResourceLimits")
struct ResourceLimitsTests {
    private static let pool = ResourceLimits(cpus: 2, memoryMb: 512, pidsLimit: 100)

    @Test(arguments: [
        (ResourceRequest(), pool),
        (ResourceRequest(cpus: 0.5), ResourceLimits(cpus: 0.5, memoryMb: 512, pidsLimit: 100)),
        (ResourceRequest(memoryMb: 6), ResourceLimits(cpus: 2, memoryMb: 6, pidsLimit: 100)),
        (ResourceRequest(cpus: 2, memoryMb: 512, pidsLimit: 100), pool),
        (ResourceRequest(cpus: 0.01, pidsLimit: 2), ResourceLimits(cpus: 0.01, memoryMb: 512, pidsLimit: 2)),
    ])
    func aRequestMayLowerThem(_ row: (request: ResourceRequest, limits: ResourceLimits)) throws {
        #expect(try Self.pool.applying(row.request) == row.limits)
    }

    @Test(arguments: [
        (ResourceRequest(cpus: 2.01), ["cpus 2.01 is above the pool's limit of 2.0"]),
        (ResourceRequest(memoryMb: 5), ["memoryMb 5 is below the smallest that works, 6"]),
        (
            ResourceRequest(cpus: 0, memoryMb: 513, pidsLimit: 1),
            [
                "cpus 0.0 is below the smallest that works, 0.01", "memoryMb 513 is above the pool's limit of 512",
                "pidsLimit 1 is below the smallest that works, 2",
            ]
        ),
        (
            ResourceRequest(cpus: .infinity, pidsLimit: -1),
            [
                "cpus inf is above the pool's limit of 2.0", "pidsLimit -1 is below the smallest that works, 2",
            ]
        ),
        (ResourceRequest(cpus: .nan), ["cpus nan is not a number"]),
    ])
    func everyMistakeIsNamed(_ row: (request: ResourceRequest, problems: [String])) {
        #expect(throws: ResourceRequestError(problems: row.problems)) { try Self.pool.applying(row.request) }
    }

    @Test func bytesAreMebibytes() {
        #expect(ResourceLimits(memoryMb: 512).memoryBytes == 536_870_912)
    }
}
