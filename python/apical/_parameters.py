"""The parameters of the estimator."""

from __future__ import annotations

import json
from collections.abc import Sequence

from . import _apical
from ._estimator import Estimator
from ._settings import DeviceChoice, device_choice, names_nearest, settings_of_classes

# Parameters that are not settings.
_OWN = ("preset", "device", "threads", "memory", "pixel_range")


class Parameters(Estimator):
    """Parameters of `apical.Classifier`: every setting is a keyword."""

    @names_nearest
    def __init__(
        self,
        *,
        preset: str = "quick",
        device: str | int = "auto",
        threads: int = 0,
        memory: int | None = None,
        pixel_range: tuple[float, float] | None = None,
        layers: Sequence[int] | None = None,
        epochs: int | None = None,
        train_images: int | None = None,
        validation_images: int | None = None,
        test_images: int | None = None,
        batch_size: int | None = None,
        eta: float | Sequence[float] | None = None,
        bias_lr_scale: float | Sequence[float] | None = None,
        weight_decay: float | None = None,
        grad_clip: float | None = None,
        lr_schedule: str | None = None,
        warmup_images: int | None = None,
        lr_step_epochs: int | None = None,
        lr_step_gamma: float | None = None,
        lr_final_factor: float | None = None,
        optimizer: str | None = None,
        beta1: float | None = None,
        beta2: float | None = None,
        optimizer_eps: float | None = None,
        seed: int | None = None,
        weight_init: str | None = None,
        rule: str | None = None,
        burst_baseline: float | None = None,
        burst_slope: float | None = None,
        burst_teacher: float | None = None,
        event_feedback: str | None = None,
        event_feedback_lr: float | None = None,
        feedback: str | None = None,
        credit_assignment: str | None = None,
        feedback_weights: str | None = None,
        feedback_noise_sd: float | None = None,
        feedback_sparsity: float | None = None,
        feedback_gain: float | None = None,
        feedback_lr: float | None = None,
        apical_bias_sd: float | None = None,
        apical_bias_lr_scale: float | None = None,
        dynamics: str | None = None,
        signal: str | None = None,
        feedback_signal: str | None = None,
        plateau_timing: str | None = None,
        g_apical: float | None = None,
        spike_distribution: str | None = None,
        phi_max: float | None = None,
        psp_kernel_ms: int | None = None,
        phase_ms: int | None = None,
        phase_jitter: str | None = None,
        averaging_window: str | None = None,
        test_ms: int | None = None,
        test_average_from_ms: int | None = None,
        weight_stats_every: int | None = None,
        eval_every: int | None = None,
        eval_images: int | None = None,
    ) -> None:
        self.preset = preset
        self.device = device
        self.threads = threads
        self.memory = memory
        self.pixel_range = pixel_range
        self.layers = layers
        self.epochs = epochs
        self.train_images = train_images
        self.validation_images = validation_images
        self.test_images = test_images
        self.batch_size = batch_size
        self.eta = eta
        self.bias_lr_scale = bias_lr_scale
        self.weight_decay = weight_decay
        self.grad_clip = grad_clip
        self.lr_schedule = lr_schedule
        self.warmup_images = warmup_images
        self.lr_step_epochs = lr_step_epochs
        self.lr_step_gamma = lr_step_gamma
        self.lr_final_factor = lr_final_factor
        self.optimizer = optimizer
        self.beta1 = beta1
        self.beta2 = beta2
        self.optimizer_eps = optimizer_eps
        self.seed = seed
        self.weight_init = weight_init
        self.rule = rule
        self.burst_baseline = burst_baseline
        self.burst_slope = burst_slope
        self.burst_teacher = burst_teacher
        self.event_feedback = event_feedback
        self.event_feedback_lr = event_feedback_lr
        self.feedback = feedback
        self.credit_assignment = credit_assignment
        self.feedback_weights = feedback_weights
        self.feedback_noise_sd = feedback_noise_sd
        self.feedback_sparsity = feedback_sparsity
        self.feedback_gain = feedback_gain
        self.feedback_lr = feedback_lr
        self.apical_bias_sd = apical_bias_sd
        self.apical_bias_lr_scale = apical_bias_lr_scale
        self.dynamics = dynamics
        self.signal = signal
        self.feedback_signal = feedback_signal
        self.plateau_timing = plateau_timing
        self.g_apical = g_apical
        self.spike_distribution = spike_distribution
        self.phi_max = phi_max
        self.psp_kernel_ms = psp_kernel_ms
        self.phase_ms = phase_ms
        self.phase_jitter = phase_jitter
        self.averaging_window = averaging_window
        self.test_ms = test_ms
        self.test_average_from_ms = test_average_from_ms
        self.weight_stats_every = weight_stats_every
        self.eval_every = eval_every
        self.eval_images = eval_images

    def _settings(self, classes: int) -> str:
        """Return all settings as JSON."""
        values = {name: value for name, value in self.get_params().items() if name not in _OWN}
        return settings_of_classes(self.preset, values, classes)

    def _device(self) -> DeviceChoice:
        return device_choice(self.device, self.threads, self.memory)

    def _check_layers(self, model: _apical.Model) -> None:
        """Check that the trained network has the layers of the parameters."""
        trained = json.loads(model.settings)["layers"]
        wanted = json.loads(self._settings(trained[-1]))["layers"]
        if wanted != trained:
            raise ValueError(
                f"layers = {wanted}: the trained network has {trained}; hint: fit without resume"
                " trains a new one"
            )
