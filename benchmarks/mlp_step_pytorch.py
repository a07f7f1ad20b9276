"""The step that cuda_kernels_benchmark times, in PyTorch, to stand beside it: a perceptron of
4096-4096-4096 with a ReLU, mean squared error, batch 8192, gradient descent. Prints milliseconds a
step, the median of 30 after 10, with float32 products exact, in tf32, and as fast as PyTorch has
them: "medium" means bf16, for which PyTorch takes tf32 on CUDA."""

import statistics

import torch

BATCH, WIDTH = 8192, 4096


def step_time(precision: str) -> float:
    torch.set_float32_matmul_precision(precision)
    torch.manual_seed(1)
    model = torch.nn.Sequential(
        torch.nn.Linear(WIDTH, WIDTH), torch.nn.ReLU(), torch.nn.Linear(WIDTH, WIDTH)
    ).cuda()
    optimiser = torch.optim.SGD(model.parameters(), lr=0.01)
    inputs = torch.randn(BATCH, WIDTH, device="cuda")
    targets = torch.randn(BATCH, WIDTH, device="cuda")
    loss = torch.nn.MSELoss()

    def step() -> None:
        optimiser.zero_grad(set_to_none=True)
        loss(model(inputs), targets).backward()
        optimiser.step()

    for _ in range(10):
        step()
    times = []
    for _ in range(30):
        begin, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))
        begin.record()
        step()
        end.record()
        end.synchronize()
        times.append(begin.elapsed_time(end))
    return statistics.median(times)


if __name__ == "__main__":
    print(f"# {torch.cuda.get_device_name()}, PyTorch {torch.__version__}")
    for name, precision in (("exact", "highest"), ("tf32", "high"), ("medium", "medium")):
        print(f"{name:6}  {step_time(precision):9.3f} ms a step")
