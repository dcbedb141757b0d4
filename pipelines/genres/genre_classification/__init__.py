"""Music genres from spectrogram images: audio, features, ResNet, evaluation, drift and versions."""
