import Settings
import Testing

@testable import WorkerPool

/// Plays workers and tasks against the machine at random and keeps its own account of what must be true.
@Suite("Pool state: random play")
struct PoolModelTests {
    @Test(arguments: 0..<200 as Range<UInt64>, [false, true])
    func nothingIsGivenTwiceAndNobodyIsForgotten(seed: UInt64, isElastic: Bool) throws {
        var game = PoolGame(seed: seed, isElastic: isElastic)
        for _ in 0..<400 { try game.step() }
        try game.settleEverything()
        try game.close()
    }

    /// The account itself must be able to fail.
    @Test func theAccountSeesADoubleGrant() {
        var game = PoolGame(seed: 1)
        #expect(throws: PoolGame.Broken.self) {
            try game.take([.start(slot: 0, PoolDriver.imageA)])
            try game.take([.start(slot: 0, PoolDriver.imageA)])
        }
    }
}
